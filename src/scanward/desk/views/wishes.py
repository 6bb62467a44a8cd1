"""Corrections and restrictions that patients asked for, decided in time, with a letter (45 CFR 164.522, 164.526)."""

from collections.abc import Callable
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from scanward.law.errors import Unlawful
from scanward.law.wishes import AmendmentGround
from scanward.people.kinds import RECORDS_AND_PRIVACY
from scanward.release import house, rights
from scanward.release.models import AmendmentRequest, Restriction
from scanward.web import showing
from scanward.web.doors import SignedInRequest, place_of, signed_in
from scanward.web.forms import chosen, day, done, typed


@require_safe
@signed_in
def wishes(request: SignedInRequest) -> HttpResponse:
    """List what waits for an answer, the first due first."""
    _answerer(request)
    waiting = AmendmentRequest.objects.filter(answered_at=None).select_related("patient", "study").order_by("due_on")
    context = {
        "amendments": [(asked, showing.title(asked.study) if asked.study else "") for asked in waiting],
        "restrictions": Restriction.objects.filter(agreed=None).select_related("patient").order_by("asked_at"),
        "grounds": list(AmendmentGround),
        "today": house.today(request.now),
    }
    return render(request, "desk/wishes.html", context)


@require_POST
@signed_in
def answer(request: SignedInRequest, wish_id: UUID) -> HttpResponse:
    """Accept, deny, extend once; agree to a restriction or not."""
    _answerer(request)
    found = _DEEDS.get(typed(request, "do"))
    if found is None:
        raise Http404
    said, verb = found
    done(request, lambda: verb(request, wish_id), said)
    return redirect("wishes")


def _answerer(request: SignedInRequest) -> None:
    if not request.actor.roles & RECORDS_AND_PRIVACY:
        raise Http404


def _accept(request: SignedInRequest, wish_id: UUID) -> None:
    _decide(request, wish_id, accepted=True)


def _deny(request: SignedInRequest, wish_id: UUID) -> None:
    _decide(request, wish_id, accepted=False)


def _decide(request: SignedInRequest, wish_id: UUID, *, accepted: bool) -> None:
    rights.decide_amendment(
        get_object_or_404(AmendmentRequest, pk=wish_id),
        accepted=accepted,
        answer=typed(request, "text"),
        ground=None if accepted else chosen(request, "ground", AmendmentGround),
        by=request.user,
        now=request.now,
        place=place_of(request),
    )


def _extend(request: SignedInRequest, wish_id: UUID) -> None:
    new = day(request, "new_date")
    if new is None:
        raise Unlawful("Give the new date.", "45 CFR 164.526(b)(2)(ii)")
    rights.extend_amendment(
        get_object_or_404(AmendmentRequest, pk=wish_id),
        reason=typed(request, "text")[:400],
        new_date=new,
        by=request.user,
        now=request.now,
        place=place_of(request),
    )


def _agree(request: SignedInRequest, wish_id: UUID) -> None:
    _restriction(request, wish_id, agreed=True)


def _decline(request: SignedInRequest, wish_id: UUID) -> None:
    _restriction(request, wish_id, agreed=False)


def _restriction(request: SignedInRequest, wish_id: UUID, *, agreed: bool) -> None:
    asked = get_object_or_404(Restriction, pk=wish_id)
    rights.decide_restriction(asked, agreed=agreed, by=request.user, now=request.now, place=place_of(request))


_DEEDS: dict[str, tuple[str | Promise, Callable[[SignedInRequest, UUID], None]]] = {
    "accept": (_("Accepted. The letter is on its way."), _accept),
    "deny": (_("Denied. The letter says why, and what the patient can do."), _deny),
    "extend": (_("Extended. The letter is on its way."), _extend),
    "agree": (_("Agreed. Nothing goes out against it from now on."), _agree),
    "decline": (_("Declined. The letter is on its way."), _decline),
}
