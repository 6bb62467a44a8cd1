"""What else a patient may ask: a correction, a restriction, another address; and whom to turn to (H7, I18)."""

from collections.abc import Callable
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe

from scanward.archive.models import Study
from scanward.people.models import Patient
from scanward.release import letters, rebuttals, rights
from scanward.release.keeping import KEPT_FROM
from scanward.release.models import AlternativeAddress, AmendmentRequest, Letter, Restriction
from scanward.web import showing
from scanward.web.doors import SignedInRequest, place_of, signed_in
from scanward.web.forms import done, typed
from scanward.web.restricting import restrict


@require_safe
@signed_in
def rights_page(request: SignedInRequest) -> HttpResponse:
    """Show what was asked, what became of it, and the forms to ask."""
    own = request.actor.own_patients
    sent = Letter.objects.filter(patient_id__in=own, request=None).order_by("-sent_at")
    context = {
        "records": showing.records_of(request.actor, now=request.now),
        "amendments": [
            (asked, rebuttals.shown_told(asked, now=request.now))
            for asked in AmendmentRequest.objects.filter(patient_id__in=own).order_by("-received_at")
        ],
        "restrictions": Restriction.objects.filter(patient_id__in=own),
        "addresses": AlternativeAddress.objects.filter(patient_id__in=own, ended_at=None),
        "letters": letters.titled(sent),
        "kept_from": [(name, row[0]) for name, row in KEPT_FROM.items()],
    }
    return render(request, "portal/rights.html", context)


@require_POST
@signed_in
def ask(request: SignedInRequest) -> HttpResponse:
    """Take in what somebody asks; no reason is asked for another address."""
    deed = _DEEDS.get(typed(request, "do"))
    if deed is None:
        raise Http404
    said, verb = deed
    done(request, lambda: verb(request), said)
    return redirect("rights")


def _patient(request: SignedInRequest) -> Patient:
    """Whose rights they are: her own, or of whom she acts for; `access` decides."""
    study = _study(request)
    if study is not None:
        return study.patient
    return get_object_or_404(Patient, pk__in=request.actor.own_patients)


def _study(request: SignedInRequest) -> Study | None:
    try:
        return Study.objects.select_related("patient").filter(pk=UUID(typed(request, "study"))).first()
    except ValueError:
        return None


def _amend(request: SignedInRequest) -> None:
    rights.ask_amendment(
        _patient(request),
        study=_study(request),
        text=typed(request, "text"),
        by=request.user,
        now=request.now,
        place=place_of(request),
    )


def _disagree(request: SignedInRequest) -> None:
    found = _asked(request)
    rights.disagree(found, text=typed(request, "text"), by=request.user, now=request.now, place=place_of(request))


def _attach(request: SignedInRequest) -> None:
    rights.attach(_asked(request), by=request.user, now=request.now, place=place_of(request))


def _asked(request: SignedInRequest) -> AmendmentRequest:
    own = AmendmentRequest.objects.filter(patient_id__in=request.actor.own_patients)
    try:
        return get_object_or_404(own, pk=UUID(typed(request, "asked")))
    except ValueError:
        raise Http404 from None


def _restrict(request: SignedInRequest) -> None:
    restrict(request, _patient(request), _study(request))


def _reach(request: SignedInRequest) -> None:
    rights.set_address(
        _patient(request),
        address=typed(request, "address")[:400],
        email=typed(request, "email")[:254],
        phone=typed(request, "phone")[:40],
        by=request.user,
        now=request.now,
        place=place_of(request),
    )


_DEEDS: dict[str, tuple[str | Promise, Callable[[SignedInRequest], None]]] = {
    "amend": (gettext_lazy("We have it. You hear from us within 60 days."), _amend),
    "disagree": (gettext_lazy("Your statement is kept. It goes along with every later copy."), _disagree),
    "attach": (gettext_lazy("Your request and our answer go along with every later copy."), _attach),
    "restrict": (gettext_lazy("We have it. You find the answer here."), _restrict),
    "reach": (gettext_lazy("From now on we reach you there."), _reach),
}
