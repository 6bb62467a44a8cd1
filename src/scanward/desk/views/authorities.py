"""Who may act for a patient, and which of her scans need more care: pages over the verbs of `access`."""

from datetime import datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from scanward.access.actors import reference
from scanward.access.authorities import Reach, end_authority, enter_authority, refuse_authority
from scanward.access.kinds import Action
from scanward.access.labels import label_study, unlabel_study
from scanward.access.models import SensitiveStudy
from scanward.access.words import CARE_NAMES
from scanward.archive.models import Study
from scanward.desk.views.circle import upload, worker_of
from scanward.law.representatives import Care
from scanward.people.actions import NotAllowed
from scanward.people.invitations import account_for
from scanward.people.kinds import AUTHORITY_NAMES, Authority
from scanward.people.models import Patient, Representation
from scanward.web import showing
from scanward.web.doors import SignedInRequest, place_of, signed_in
from scanward.web.forms import chosen, day, done, typed


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def new(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Enter who may act for the patient, after a look at the paper (C5, 45 CFR 164.502(g))."""
    patient = worker_of(request, patient_id, Action.MANAGE_REPRESENTATIVE)
    studies = _studies(patient)
    context = {
        "patient": patient,
        "authorities": AUTHORITY_NAMES.items(),
        "studies": [showing.card(study, 0, "") for study in studies],
        "chosen": request.POST.getlist("study"),
        "typed": request.POST,
        "kept_days": settings.DOCUMENT_KEPT_DAYS,
    }
    if request.method != "POST":
        return render(request, "desk/representative_new.html", context)
    said = _("Written down. The copy of the paper is sealed, and destroyed after a set time.")
    if done(request, lambda: _enter(request, patient, studies), said):
        return redirect("patient-people", patient.id)
    return render(request, "desk/representative_new.html", context, status=422)


def _enter(request: SignedInRequest, patient: Patient, studies: list[Study]) -> None:
    """Read the form and do it.

    Raises:
        NotAllowed: something is missing, or the law says no.
    """
    authority, place, now = chosen(request, "authority", Authority), place_of(request), request.now
    if authority is None:
        raise NotAllowed(_("Choose why this person may act for the patient."))
    account = account_for(
        typed(request, "email"), typed(request, "name"), actor=reference(request.actor), place=place, now=now
    )
    enter_authority(
        account,
        patient,
        authority,
        _reach(request, studies),
        evidence=typed(request, "evidence"),
        document=upload(request),
        by=request.user,
        place=place,
        now=now,
    )


def _reach(request: SignedInRequest, studies: list[Study]) -> Reach:
    """Return how far the authority goes: days at the facility, the last one included."""
    zone = ZoneInfo(settings.FACILITY_TIME_ZONE)
    first, last, wanted = day(request, "first"), day(request, "last"), set(request.POST.getlist("study"))
    picked = tuple(study.id for study in studies if str(study.id) in wanted)
    if typed(request, "scope") == "some" and not picked:
        raise NotAllowed(_("Choose at least one scan, or all of them."))
    return Reach(
        valid_from=datetime.combine(first, time.min, zone) if first else request.now,
        valid_until=datetime.combine(last + timedelta(days=1), time.min, zone) if last else None,
        study_ids=picked if typed(request, "scope") == "some" else (),
        without_sensitive=bool(request.POST.get("without_sensitive")),
    )


@require_POST
@signed_in
def change(request: SignedInRequest, representation_id: UUID) -> HttpResponse:
    """End an authority, or refuse it because the patient would be in danger, 164.502(g)(5)."""
    held = get_object_or_404(Representation.objects.select_related("patient", "account"), pk=representation_id)
    place, now = place_of(request), request.now
    refuses = typed(request, "deed") == "refuse"
    worker_of(request, held.patient_id, Action.REFUSE_REPRESENTATIVE if refuses else Action.MANAGE_REPRESENTATIVE)
    if refuses:
        reason = typed(request, "reason")
        done(
            request,
            lambda: refuse_authority(held, reason=reason, by=request.user, place=place, now=now),
            _("Refused. This person sees nothing of the record any more."),
        )
    else:
        done(request, lambda: end_authority(held, by=request.user, place=place, now=now), _("Ended, at once."))
    return redirect("patient-people", held.patient_id)


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def sensitive(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Mark scans about care that a minor may keep from a parent, 45 CFR 164.502(g)(3)."""
    patient = worker_of(request, patient_id, Action.LABEL_STUDY)
    if request.method == "POST":
        done(request, lambda: _label(request, patient), _("Saved."))
        return redirect("patient-sensitive", patient.id)
    labels = {label.study_id: label for label in SensitiveStudy.objects.filter(patient=patient)}
    rows = [(showing.card(study, 0, ""), labels.get(study.id)) for study in _studies(patient)]
    context = {"patient": patient, "rows": rows, "cares": [(care.value, name) for care, name in CARE_NAMES.items()]}
    return render(request, "desk/patient_sensitive.html", context)


def _label(request: SignedInRequest, patient: Patient) -> None:
    """Put a label on a study, or take it away."""
    study = next((one for one in _studies(patient) if str(one.id) == typed(request, "study")), None)
    if study is None:
        raise Http404
    place, now = place_of(request), request.now
    if typed(request, "deed") == "remove":
        unlabel_study(get_object_or_404(SensitiveStudy, pk=study.id), by=request.user, place=place, now=now)
        return
    care = chosen(request, "care", Care)
    if care is None:
        raise NotAllowed(_("Choose what the scan is about."))
    label_study(
        study.id,
        patient,
        care=care,
        by=request.user,
        place=place,
        now=now,
        consented_alone=bool(request.POST.get("consented_alone")),
        other_consent=bool(request.POST.get("other_consent")),
        parent_agreed=bool(request.POST.get("parent_agreed")),
    )


def _studies(patient: Patient) -> list[Study]:
    """Return the patient's studies, the newest first."""
    return list(Study.objects.filter(patient=patient).select_related("patient").order_by("-performed_at", "id"))
