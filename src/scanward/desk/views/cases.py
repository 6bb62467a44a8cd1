"""What arrived and could not be attached to a patient with certainty, and the decision about it."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from django.conf import settings
from django.core.paginator import Paginator
from django.db.models import Count, Min
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from scanward.access.kinds import HOUSE, Action
from scanward.archive import facts, held
from scanward.archive.models import QUARANTINE, HeldForm, HeldObject, HeldReason, Study
from scanward.dicom.errors import RefusalReason
from scanward.intake import actions, watched
from scanward.intake.models import WatchedDay
from scanward.intake.receive import HELD_BECAUSE, OUTCOME_NAMES
from scanward.people.actions import NotAllowed
from scanward.people.kinds import RECORDS
from scanward.people.matching import Demographics
from scanward.people.models import Patient, PatientIdentifier
from scanward.web.doors import SignedInRequest, granted, place_of, signed_in
from scanward.web.forms import chosen, done, typed
from scanward.web.wording import said

PER_PAGE = 25
MOST_STUDIES = 50
DAYS = 7


class Decision(StrEnum):
    """What may be decided about a case."""

    NEAR = "near"
    NUMBER = "number"
    # A report: the examination chosen from a list, or named by two numbers.
    STUDY = "study"
    EXAM = "exam"
    NEW = "new"
    REJECT = "reject"
    LET_IN = "let-in"


@dataclass(frozen=True, slots=True)
class Case:
    """What one decision settles: what it says, and whom it may be about."""

    held: HeldObject
    count: int
    arrived: Demographics
    description: str
    reason: str
    near: Patient | None
    at: datetime
    # Attaching can't help where another image has the UID; a new record can't where the study is somebody's.
    may_attach: bool
    may_be_new: bool
    # It was put aside unread; `found` is what the guard or the malware scanner found.
    aside: bool
    found: str
    accession: str
    studies: list[Study] | None


@require_safe
@signed_in
def cases(request: SignedInRequest) -> HttpResponse:
    """List the cases for the records staff, both sides shown; the oldest waits longest and comes first."""
    if not request.actor.roles & RECORDS:
        raise Http404
    keys = ("study_instance_uid", "reason", "near_patient", "form")
    groups = HeldObject.objects.values(*keys).annotate(count=Count("id"), since=Min("received_at")).order_by("since")
    page = Paginator(groups, PER_PAGE).get_page(request.GET.get("page"))
    shown = [_case({key: group[key] for key in keys}, group["count"]) for group in page.object_list]
    return render(request, "desk/cases.html", {"cases": shown, "page": page, "watched": _watched(now=request.now)})


def _watched(*, now: datetime) -> dict[str, object] | None:
    """Return what came of the watched folder in the last days; None where none is watched."""
    days = list(WatchedDay.objects.all()[:DAYS])
    if not days and not settings.WATCH_FOLDER:
        return None
    last = days[0] if days else None
    return {
        "last": last,
        "silent": watched.is_silent(last, now=now),
        "days": [
            (
                day.day,
                [(name, day.counts[key]) for key, name in OUTCOME_NAMES.items() if day.counts.get(key)],
                [(said(reason), count) for reason, count in day.reasons.items()],
            )
            for day in days
            if day.counts
        ],
    }


def _case(key: dict[str, object], count: int) -> Case:
    """Put one case into words."""
    row = HeldObject.objects.filter(**key).select_related("near_patient").order_by("received_at", "id")[0]
    reason, header = HeldReason(row.reason), row.dicom_json
    return Case(
        row,
        count,
        held.about(row),
        facts.text(header, "00081030", 200),
        str(HELD_BECAUSE[reason]),
        row.near_patient,
        row.received_at,
        may_attach=reason is not HeldReason.CONTENT_DIFFERS and reason not in QUARANTINE,
        may_be_new=reason not in actions.WHY_NOT,
        aside=reason in QUARANTINE,
        found=_found(row),
        accession=facts.text(header, "00080050", 64),
        studies=_studies(row),
    )


def _studies(row: HeldObject) -> list[Study] | None:
    """Return the examinations that a report may belong to; None for images."""
    if row.form != HeldForm.HL7:
        return None
    return list(Study.objects.filter(patient=row.near_patient_id).order_by("-performed_at")[:MOST_STUDIES])


def _found(row: HeldObject) -> str:
    """Say what was found in a file that was put aside: the guard's sentence, or the malware's name."""
    if row.reason == HeldReason.UNREADABLE:
        return said(next(reason.sentence for reason in RefusalReason if reason == row.detail))
    return row.detail


@require_POST
@signed_in
def decide(request: SignedInRequest, case_id: UUID) -> HttpResponse:
    """Settle a case; everything of the same study, reason and person goes with it."""
    granted(request, Action.RESOLVE_CONFLICT, HOUSE, told=True)
    case = get_object_or_404(HeldObject.objects.select_related("near_patient"), pk=case_id)
    done(request, lambda: _decide(request, case), _("Decided. The ledger has it."))
    return redirect("cases")


def _decide(request: SignedInRequest, case: HeldObject) -> int:
    """Do what was chosen.

    Raises:
        NotAllowed: it can't be done, and why.
    """
    actor, place, now = request.actor, place_of(request), request.now
    decision = chosen(request, "decision", Decision)
    if decision is Decision.NEAR and case.near_patient:
        return actions.attach_case(case, case.near_patient, actor=actor, place=place, now=now)
    if decision is Decision.NUMBER:
        return actions.attach_case(case, _numbered(request), actor=actor, place=place, now=now)
    if decision in (Decision.STUDY, Decision.EXAM):
        study = _chosen_study(request, case) if decision is Decision.STUDY else _named_study(request)
        return actions.attach_reports(case, study, actor=actor, place=place, now=now)
    if decision is Decision.NEW:
        return actions.attach_to_new_patient(case, actor=actor, place=place, now=now)
    if decision is Decision.LET_IN:
        actions.let_in(case, typed(request, "reason"), actor=actor, place=place, now=now)
        return 1
    if decision is Decision.REJECT:
        return actions.reject_case(case, typed(request, "reason"), actor=actor, place=place, now=now)
    raise NotAllowed(_("Choose what is to be done."))


def _chosen_study(request: SignedInRequest, case: HeldObject) -> Study:
    """Return the examination that was chosen from the list.

    Raises:
        NotAllowed: none was.
    """
    try:
        return Study.objects.get(pk=UUID(typed(request, "study")), patient=case.near_patient_id)
    except (ValueError, Study.DoesNotExist):
        raise NotAllowed(_("Choose the examination.")) from None


def _named_study(request: SignedInRequest) -> Study:
    """Return the examination with the accession number that was typed, of the patient with the number.

    Raises:
        NotAllowed: there is none, or more than one.
    """
    number = typed(request, "accession")
    found = list(Study.objects.filter(patient=_numbered(request), accession_number=number or None)[:2])
    if len(found) != 1:
        raise NotAllowed(_("This patient has no examination of this number here, or more than one. Check the number."))
    return found[0]


def _numbered(request: SignedInRequest) -> Patient:
    """Return the patient with the number that was typed; it has to be one patient's only.

    Raises:
        NotAllowed: nobody has it, or several of different issuers.
    """
    rows = PatientIdentifier.objects.filter(value=typed(request, "number")).select_related("patient")
    found = {row.patient_id: row.patient for row in rows}
    if len(found) != 1:
        raise NotAllowed(_("No patient has this number here, or more than one. Check the number."))
    return next(iter(found.values()))
