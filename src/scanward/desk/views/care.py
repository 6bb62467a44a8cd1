"""Who treats a patient, and the facts that change who may look: forms on the page of the people around her."""

from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from scanward.access import care, living
from scanward.access.kinds import Action
from scanward.desk.views.circle import worker_of
from scanward.people.actions import NotAllowed
from scanward.people.kinds import CareKind
from scanward.people.models import Account, CareRelation, Patient
from scanward.web.doors import SignedInRequest, place_of, signed_in
from scanward.web.forms import chosen, day, done, typed


@require_POST
@signed_in
def change(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Bring a clinician in, or let one go."""
    patient = worker_of(request, patient_id, Action.MANAGE_CARE)
    number, place, now = typed(request, "relation"), place_of(request), request.now
    if number:
        row = get_object_or_404(CareRelation, pk=int(number) if number.isdecimal() else 0, patient=patient)
        done(request, lambda: care.let_go(row, by=request.user, place=place, now=now), _("Ended, at once."))
        return redirect("patient-people", patient.id)

    def deed() -> None:
        clinician = Account.objects.filter(email=typed(request, "email").lower()).first()
        kind = chosen(request, "kind", CareKind)
        if clinician is None or kind is None:
            raise NotAllowed(_("Type the e-mail address of somebody who works here, and choose why."))
        last = day(request, "last")
        until = _end_of(last) if last else None
        care.bring_in(clinician, patient, kind=kind, until=until, by=request.user, place=place, now=now)

    done(request, deed, _("Written down. The record is open to this person now."))
    return redirect("patient-people", patient.id)


@require_POST
@signed_in
def facts(request: SignedInRequest, patient_id: UUID) -> HttpResponse:
    """Enter a death, that a minor is of age, or a special watch."""
    deed = typed(request, "deed")
    patient = worker_of(request, patient_id, Action.WATCH_PATIENT if deed == "watch" else Action.CHANGE_PATIENT)
    done(request, lambda: _enter(request, patient, deed), _("Written down. It holds at once."))
    return redirect("patient-people", patient.id)


def _enter(request: SignedInRequest, patient: Patient, deed: str) -> None:
    """Do what the form asks for."""
    by, place, now = request.user, place_of(request), request.now
    yes, evidence = typed(request, "yes") == "yes", typed(request, "evidence")
    if deed == "watch":
        living.watch(patient, yes=yes, by=by, place=place, now=now)
    elif deed == "of-age":
        living.emancipate(patient, yes=yes, evidence=evidence, by=by, place=place, now=now)
    else:
        died_on = day(request, "died")
        if yes and died_on is None:
            raise NotAllowed(_("Type the day."))
        living.enter_death(patient, died_on if yes else None, evidence=evidence, by=by, place=place, now=now)


def _end_of(last: date) -> datetime:
    """Return the moment after a day at the facility."""
    return datetime.combine(last + timedelta(days=1), time.min, ZoneInfo(settings.FACILITY_TIME_ZONE))
