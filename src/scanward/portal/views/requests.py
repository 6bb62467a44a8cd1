"""Asking for records in plain words, and following a request to its end."""

from collections.abc import Callable
from io import BytesIO
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import FileResponse, Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from scanward.access.actors import reference
from scanward.portal.words import STATE_WORDS
from scanward.release import actions, letters
from scanward.release.actions.denying import reviewable
from scanward.release.kinds import ENDED, OPEN, State
from scanward.release.models import Letter, ReleaseRequest
from scanward.release.moving import current_quote
from scanward.release.suspensions import unsaid
from scanward.release.ways import ARRIVAL_NAMES, Arrival, Medium
from scanward.web import showing
from scanward.web.doors import SignedInRequest, place_of, signed_in
from scanward.web.forms import done, typed
from scanward.web.history import history


@require_safe
@signed_in
def requests(request: SignedInRequest) -> HttpResponse:
    """List the requests that somebody made or that are about her, the newest first (B18)."""
    rows = _mine(request).order_by("-received_at")
    return render(request, "portal/requests.html", {"rows": [_line(row) for row in rows[:200]]})


@require_safe
@signed_in
def show(request: SignedInRequest, request_id: UUID) -> HttpResponse:
    """Show where a request stands, until when, its letters, its messages, and what one can do (B18, B19)."""
    row = _found(request, request_id)
    state = State(row.state)
    quote = current_quote(row)
    context = {
        "row": row,
        "line": _line(row),
        "next": STATE_WORDS[state][1],
        "history": history(row, public=True),
        "letters": letters.titled(row.letters.all()),
        "thread": row.messages.all(),
        "studies": [showing.card(study, 0, "") for study in row.studies.select_related("patient")],
        "delivery": ARRIVAL_NAMES[Arrival(row.delivery)],
        "quote": quote if state is State.FEE_QUOTED else None,
        "withheld": row.items - row.grantable,
        "may_review": state not in ENDED - {State.CLOSED} and reviewable(row) is not None,
        "followers": row.followers.all(),
        "may_withdraw": state in OPEN and state is not State.DENIED,
        "may_write": state not in ENDED,
        "download": state is State.DELIVERED and row.delivery == Arrival.PORTAL.value,
    }
    return render(request, "portal/request.html", context)


@require_safe
@signed_in
def letter_pdf(request: SignedInRequest, letter_id: UUID) -> FileResponse:
    """Give a letter as a PDF (B19); in large print where it was asked for."""
    kept = get_object_or_404(Letter.objects.select_related("request", "patient"), pk=letter_id)
    own = kept.patient_id in request.actor.own_patients and kept.request_id is None
    if not own and not (kept.request_id and _mine(request).filter(pk=kept.request_id).exists()):
        raise Http404
    letters.opened(kept, by=reference(request.actor), now=request.now, place=place_of(request))
    return FileResponse(BytesIO(letters.pdf(kept)), filename="letter.pdf", content_type="application/pdf")


@require_POST
@signed_in
def act(request: SignedInRequest, request_id: UUID) -> HttpResponse:
    """Do one of the things that a requester can do with her request."""
    row = _found(request, request_id)
    deed = _DEEDS.get(typed(request, "do"))
    if deed is None:
        raise Http404
    said, verb = deed
    done(request, lambda: verb(request, row), said)
    return redirect("request", row.pk)


Deed = Callable[[SignedInRequest, ReleaseRequest], object]


def _withdraw(request: SignedInRequest, row: ReleaseRequest) -> None:
    actions.withdraw(row, by=request.user, reason=typed(request, "text"), now=request.now, place=place_of(request))


def _write(request: SignedInRequest, row: ReleaseRequest) -> None:
    actions.say(row, by=request.user, body=typed(request, "text"), now=request.now, place=place_of(request))


def _accept(request: SignedInRequest, row: ReleaseRequest) -> None:
    actions.accept_fee(row, by=request.user, now=request.now, place=place_of(request))


def _to_portal(request: SignedInRequest, row: ReleaseRequest) -> None:
    """Take the free way instead: here for oneself, by a link for somebody else."""
    delivery = Arrival.LINK if row.recipient_id else Arrival.PORTAL
    actions.change_format(
        row, delivery=delivery, medium=Medium.DICOM, by=request.user, now=request.now, place=place_of(request)
    )


def _review(request: SignedInRequest, row: ReleaseRequest) -> None:
    denial = reviewable(row)
    if denial is None:
        raise Http404
    actions.ask_review(denial, by=request.user, now=request.now, place=place_of(request))


_DEEDS: dict[str, tuple[str | Promise, Deed]] = {
    "withdraw": (gettext_lazy("Your request is taken back."), _withdraw),
    "message": (gettext_lazy("Your message is sent."), _write),
    "accept": (gettext_lazy("Thank you. We go on with your request."), _accept),
    "free": (gettext_lazy("It is free now. We go on with your request."), _to_portal),
    "review": (gettext_lazy("Somebody else will look at the decision again."), _review),
}


@require_safe
def help_page(request: SignedInRequest) -> HttpResponse:
    """Say whom to turn to when something goes wrong (I18), and what the steps of a request are (F7)."""
    return render(request, "portal/help.html")


def _mine(request: SignedInRequest) -> QuerySet[ReleaseRequest]:
    """Whatever is about her, and what she asked for those whom she still may act for (fault C14).

    What an official asks to keep from her for now is left out.
    """
    left_off = unsaid(request.actor.own_patients, now=request.now).requests
    own = Q(patient_id__in=request.actor.own_patients) & ~Q(pk__in=left_off)
    standing = {authority.patient for authority in request.actor.representing}
    asked = Q(requester=request.user) & (Q(patient=None) | Q(patient_id__in=standing))
    return ReleaseRequest.objects.filter(own | asked)


def _found(request: SignedInRequest, request_id: UUID) -> ReleaseRequest:
    """Return one's own request, or the answer of a page that is not there."""
    return get_object_or_404(_mine(request).select_related("patient", "recipient"), pk=request_id)


def _line(row: ReleaseRequest) -> dict[str, object]:
    """What a list says about a request."""
    state = State(row.state)
    return {
        "row": row,
        "state": STATE_WORDS[state][0],
        "open": state in OPEN,
        "due": row.extended_to or row.due_on,
        "waiting": row.waiting_on_requester,
    }
