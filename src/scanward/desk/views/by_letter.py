"""What patients ask by letter, on the telephone or in person, and what the house adds (45 CFR 164.522, 164.526)."""

from collections.abc import Callable, Iterable
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_http_methods

from scanward.access.kinds import Action
from scanward.archive.models import Study
from scanward.desk.views.circle import may, worker_of
from scanward.people.models import Patient
from scanward.release import house, rebuttals, reports, rights
from scanward.release.corrections import have_the_old_text
from scanward.release.keeping import KEPT_FROM
from scanward.release.models import AmendmentRequest, CorrectionTold, Restriction
from scanward.web import showing
from scanward.web.doors import SignedInRequest, place_of, signed_in
from scanward.web.forms import day, done, typed
from scanward.web.restricting import restrict


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def wishes_of(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Show what a patient has asked, and write down what came by another way than the portal (I15)."""
    patient = worker_of(request, patient_id, Action.VERIFY_IDENTITY)
    if not may(request, Action.ANSWER_RIGHTS, patient):
        raise Http404
    if request.method == "POST":
        said, verb = _DEEDS.get(typed(request, "do")) or _nothing()
        done(request, lambda: verb(request, patient), said)
        return redirect("patient-wishes", patient.pk)
    context = {
        "patient": patient,
        "studies": showing.cards(Study.objects.filter(patient=patient)),
        "amendments": [
            (asked, list(told := asked.told.select_related("told_by")), _still_to_tell(asked, told))
            for asked in AmendmentRequest.objects.filter(patient=patient).order_by("-received_at")
        ],
        "restrictions": Restriction.objects.filter(patient=patient),
        "today": house.today(request.now),
        "kept_from": [(name, row[1]) for name, row in KEPT_FROM.items()],
    }
    return render(request, "desk/patient_wishes.html", context)


def _still_to_tell(asked: AmendmentRequest, told: Iterable[CorrectionTold]) -> list[str]:
    """Who has the text as it was, and was not told yet of the correction."""
    known = {row.recipient for row in told}
    return [other for other in have_the_old_text(asked) if other not in known]


Deed = Callable[[SignedInRequest, Patient], object]


def _nothing() -> tuple[str, Deed]:
    raise Http404


def _study(request: SignedInRequest, patient: Patient) -> Study | None:
    """The scan that it is about; None for the whole record."""
    if not typed(request, "study"):
        return None
    found = [row for row in Study.objects.filter(patient=patient) if str(row.pk) == typed(request, "study")]
    if not found:
        raise Http404
    return found[0]


def _asked(request: SignedInRequest, patient: Patient) -> AmendmentRequest:
    rows = AmendmentRequest.objects.filter(patient=patient)
    found = next((row for row in rows if str(row.pk) == typed(request, "asked")), None)
    if found is None:
        raise Http404
    return found


def _amend(request: SignedInRequest, patient: Patient) -> None:
    came = day(request, "received")
    rights.ask_amendment(
        patient,
        study=_study(request, patient),
        text=typed(request, "text"),
        received_at=reports.start_of(came) if came else None,
        by=request.user,
        now=request.now,
        place=place_of(request),
    )


def _disagree(request: SignedInRequest, patient: Patient) -> None:
    found = _asked(request, patient)
    rights.disagree(found, text=typed(request, "text"), by=request.user, now=request.now, place=place_of(request))


def _attach(request: SignedInRequest, patient: Patient) -> None:
    rights.attach(_asked(request, patient), by=request.user, now=request.now, place=place_of(request))


def _restrict(request: SignedInRequest, patient: Patient) -> None:
    restrict(request, patient, _study(request, patient))


def _rebut(request: SignedInRequest, patient: Patient) -> None:
    found = _asked(request, patient)
    rebuttals.rebut(found, text=typed(request, "text"), by=request.user, now=request.now, place=place_of(request))


def _told(request: SignedInRequest, patient: Patient) -> None:
    rebuttals.note_told(
        _asked(request, patient),
        recipient=typed(request, "known") or typed(request, "named"),
        told_on=day(request, "told_on"),
        by=request.user,
        now=request.now,
        place=place_of(request),
    )


def _end(request: SignedInRequest, patient: Patient) -> None:
    rows = Restriction.objects.filter(patient=patient, agreed=True, ended_at=None)
    found = next((row for row in rows if str(row.pk) == typed(request, "asked")), None)
    if found is None:
        raise Http404
    agrees = bool(request.POST.get("agrees"))
    rights.end_restriction(found, individual_agrees=agrees, by=request.user, now=request.now, place=place_of(request))


_DEEDS: dict[str, tuple[str | Promise, Deed]] = {
    "amend": (_("It waits under Corrections, and its sixty days run."), _amend),
    "disagree": (_("The statement is kept. It goes along with every later copy."), _disagree),
    "attach": (_("The request and the answer go along with every later copy."), _attach),
    "rebut": (_("The rebuttal is kept. The patient gets it by letter, and it goes along with the statement."), _rebut),
    "told": (_("It is written down. The patient can see it."), _told),
    "restrict": (_("It is noted. What the law leaves to us waits under Corrections."), _restrict),
    "end": (_("The restriction has ended."), _end),
}
