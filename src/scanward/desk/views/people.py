"""Accounts and roles: what one administrator asks for, another one approves. No patient's record is on these pages."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from scanward.access.kinds import HOUSE, Action
from scanward.oversight import actions as oversight
from scanward.oversight.models import AccessReview, AccessReviewLine
from scanward.people import staff
from scanward.people.actions import NotAllowed
from scanward.people.invitations import is_address
from scanward.people.kinds import ROLE_NAMES, Role
from scanward.people.models import Account, Proposal, RoleAssignment
from scanward.web.doors import SignedInRequest, granted, place_of, signed_in
from scanward.web.forms import chosen, done, typed


@require_safe
@signed_in
def people(request: SignedInRequest) -> HttpResponse:
    """Show who works here with which roles, and what waits for a second person."""
    granted(request, Action.MANAGE_PEOPLE, HOUSE, told=True)
    held = RoleAssignment.objects.filter(ended_at=None).select_related("account").order_by("account__full_name", "role")
    waiting = staff.waiting().select_related("proposed_by")
    context = {
        "held": [(row, ROLE_NAMES[Role(row.role)]) for row in held],
        "waiting": [_shown(row, request.user) for row in waiting],
    }
    return render(request, "desk/people.html", context)


def _shown(proposal: Proposal, reader: Account) -> dict[str, object]:
    """Return a proposal in words, and whether the reader may decide about it."""
    what = ROLE_NAMES[Role(proposal.role)] if proposal.role else _("A new second step for signing in")
    return {"row": proposal, "what": what, "mine": reader.id in (proposal.proposed_by_id, proposal.account_id)}


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def invite(request: SignedInRequest) -> HttpResponse:
    """Ask for a role for somebody, new here or not; a second administrator decides."""
    granted(request, Action.MANAGE_PEOPLE, HOUSE, told=True)
    context = {"roles": ROLE_NAMES.items(), "typed": request.POST}
    if request.method != "POST":
        return render(request, "desk/invite.html", context)

    def deed() -> None:
        role, email, name = chosen(request, "role", Role), typed(request, "email"), typed(request, "name")
        if role is None or not name or not is_address(email):
            raise NotAllowed(_("Fill in an e-mail address, a name and a role."))
        staff.propose_role(
            email=email,
            full_name=name,
            role=role,
            by=request.user,
            reason=typed(request, "reason"),
            place=place_of(request),
            now=request.now,
        )

    if done(request, deed, _("Asked. Another administrator has to approve it.")):
        return redirect("people")
    return render(request, "desk/invite.html", context, status=422)


@require_POST
@signed_in
def decide(request: SignedInRequest, proposal_id: UUID) -> HttpResponse:
    """Approve or refuse what another administrator asked for."""
    granted(request, Action.MANAGE_PEOPLE, HOUSE, told=True)
    get_object_or_404(Proposal, pk=proposal_id)
    approve = typed(request, "approve") == "yes"

    def deed() -> None:
        staff.decide_proposal(proposal_id, by=request.user, approve=approve, place=place_of(request), now=request.now)

    done(request, deed, _("Approved.") if approve else _("Refused."))
    return redirect("people")


@require_safe
@signed_in
def person(request: SignedInRequest, account_id: UUID) -> HttpResponse:
    """Show one member of the staff, and what can be ended."""
    granted(request, Action.MANAGE_PEOPLE, HOUSE, told=True)
    found = _staff(account_id)
    roles = [(row, ROLE_NAMES[Role(row.role)]) for row in found.assignments.filter(ended_at=None)]
    return render(request, "desk/person.html", {"person": found, "roles": roles, "me": found == request.user})


@require_POST
@signed_in
def change(request: SignedInRequest, account_id: UUID) -> HttpResponse:
    """End a role, close the account, or ask for a new second factor."""
    granted(request, Action.MANAGE_PEOPLE, HOUSE, told=True)
    found, place, now = _staff(account_id), place_of(request), request.now
    deed = typed(request, "deed")
    if deed == "end_role":
        row = found.assignments.filter(role=typed(request, "role"), ended_at=None).first()
        if row:
            done(request, lambda: staff.end_role(row, by=request.user, place=place, now=now), _("The role has ended."))
    elif deed == "close":
        closed = _("The account is closed, and signed out everywhere.")
        done(request, lambda: staff.close_account(found, by=request.user, place=place, now=now), closed)
    elif deed == "reset":
        asked = _("Asked. Another administrator has to approve it.")
        why = typed(request, "reason")
        done(
            request,
            lambda: staff.propose_factor_reset(found, by=request.user, reason=why, place=place, now=now),
            asked,
        )
    return redirect("people")


def _staff(account_id: UUID) -> Account:
    """Return a member of the staff; patients are none of an administrator's business."""
    return get_object_or_404(Account.objects.exclude(assignments=None).distinct(), pk=account_id)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def access_reviews(request: SignedInRequest) -> HttpResponse:
    """List the reviews of who has access, or start one (K7)."""
    granted(request, Action.REVIEW_PEOPLE, HOUSE, told=True)
    if request.method == "POST":
        started = oversight.start_access_review(by=request.user, place=place_of(request), now=request.now)
        return redirect("access-review", started.id)
    rows = AccessReview.objects.select_related("started_by", "signed_by").order_by("-started_at")
    return render(request, "desk/access_reviews.html", {"reviews": rows})


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def access_review(request: SignedInRequest, review_id: UUID) -> HttpResponse:
    """Go through the roles, one by one, and sign."""
    granted(request, Action.REVIEW_PEOPLE, HOUSE, told=True)
    review = get_object_or_404(AccessReview, pk=review_id)
    if request.method == "POST":
        _go_on(request, review)
        return redirect("access-review", review.id)
    lines = review.lines.select_related("assignment__account").order_by("assignment__account__full_name")
    shown = [(line, ROLE_NAMES[Role(line.assignment.role)]) for line in lines]
    return render(request, "desk/access_review.html", {"review": review, "lines": shown})


def _go_on(request: SignedInRequest, review: AccessReview) -> None:
    """Decide about one line, or sign the whole."""
    by, place, now = request.user, place_of(request), request.now
    if typed(request, "deed") == "sign":
        done(request, lambda: oversight.sign_access_review(review, by=by, place=place, now=now), _("Signed."))
        return
    number = typed(request, "line")
    line = get_object_or_404(AccessReviewLine, review=review, pk=int(number) if number.isdecimal() else 0)
    keep = typed(request, "keep") == "yes"
    said = _("The role stays.") if keep else _("The role has ended.")
    done(request, lambda: oversight.decide_line(line, by=by, keep=keep, place=place, now=now), said)
