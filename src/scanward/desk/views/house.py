"""What the officers keep about the house itself: contracts with companies, and who gets near the machines."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from scanward.access.actors import reference
from scanward.access.kinds import HOUSE, Action
from scanward.oversight import safeguards as rounds
from scanward.oversight.kinds import SAFEGUARD_NAMES, Safeguard
from scanward.people import contracts as companies
from scanward.people.actions import NotAllowed
from scanward.people.models import Contract
from scanward.release import house
from scanward.web.doors import SignedInRequest, granted, place_of, signed_in
from scanward.web.forms import chosen, day, done, typed


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def contracts(request: SignedInRequest) -> HttpResponse:
    """Show which companies may handle records, and put a contract on file (A7)."""
    granted(request, Action.MANAGE_CONTRACTS, HOUSE, told=True)
    today, status = house.today(request.now), 200
    if request.method == "POST":
        terms = companies.Terms(
            company=typed(request, "company"),
            services=typed(request, "services"),
            kept_at=typed(request, "kept_at"),
            signed_on=day(request, "signed_on"),
            ends_on=day(request, "ends_on"),
            clauses_checked=typed(request, "clauses") == "yes",
        )
        by, actor, place = request.user, reference(request.actor), place_of(request)

        def deed() -> None:
            if typed(request, "ends_on") and terms.ends_on is None:
                raise NotAllowed(_("The last day is no day. Leave it empty if there is none."))
            companies.enter_contract(terms, by=by, actor=actor, place=place, today=today, now=request.now)

        if done(request, deed, _("The contract is on file.")):
            return redirect("contracts")
        status = 422
    in_force = set(companies.contracts_in_force(on=today).values_list("id", flat=True))
    rows = [(row, row.id in in_force) for row in Contract.objects.all()]
    return render(request, "desk/contracts.html", {"contracts": rows, "typed": request.POST}, status=status)


@require_POST
@signed_in
def end_contract(request: SignedInRequest, contract_id: UUID) -> HttpResponse:
    """End a contract at once."""
    granted(request, Action.MANAGE_CONTRACTS, HOUSE, told=True)
    row = get_object_or_404(Contract, pk=contract_id)
    companies.end_contract(row, actor=reference(request.actor), place=place_of(request), now=request.now)
    return redirect("contracts")


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def safeguards(request: SignedInRequest) -> HttpResponse:
    """Go through the physical safeguards: who looked at which, when, and what was found (O6)."""
    granted(request, Action.MANAGE_INCIDENTS, HOUSE, told=True)
    status = 200
    if request.method == "POST":

        def deed() -> None:
            safeguard, fine = chosen(request, "safeguard", Safeguard), typed(request, "fine")
            if safeguard is None or fine not in ("yes", "no"):
                raise NotAllowed(_("Say whether it is in order."))
            rounds.check(
                safeguard,
                fine=fine == "yes",
                words=typed(request, "words"),
                by=request.user,
                actor=reference(request.actor),
                place=place_of(request),
                now=request.now,
            )

        if done(request, deed, _("Your check is written down.")):
            return redirect("safeguards")
        status = 422
    shown = [(one, SAFEGUARD_NAMES[one.safeguard]) for one in rounds.standing(now=request.now)]
    return render(request, "desk/safeguards.html", {"safeguards": shown, "typed": request.POST}, status=status)
