"""Who saw what, and why somebody may see something: the privacy officer asks the ledger and the matrix."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from scanward.access.actors import actor_of, reference
from scanward.access.explain import SUPPOSED, Tried, explain, supposed
from scanward.access.kinds import HOUSE, Action, Actor, RecordFacts, Relation
from scanward.access.purposes import usual_purpose
from scanward.access.viewing import flush
from scanward.access.words import ACTION_NAMES, RELATION_NAMES
from scanward.archive.models import Study
from scanward.audit.queries import Filter, search
from scanward.law.purpose import PurposeOfUse
from scanward.people.kinds import ROLE_NAMES, Role
from scanward.people.models import Account, PatientIdentifier
from scanward.release.holds import context_about
from scanward.web.doors import SignedInRequest, granted, place_of, signed_in
from scanward.web.forms import chosen, day, typed

SHOWN = 200


@dataclass(frozen=True, slots=True)
class Question:
    """A question about access that could be understood."""

    actor: Actor
    action: Action
    record: RecordFacts
    purpose: PurposeOfUse


class NotUnderstood(Exception):
    """The question names somebody or something that is not here."""


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def who_saw_what(request: SignedInRequest) -> HttpResponse:
    """Search the ledger by patient, by person and by day; the search itself becomes an entry (fault E5)."""
    granted(request, Action.READ_LEDGER, HOUSE, told=True)
    context: dict[str, object] = {"entries": None, "typed": request.POST}
    if request.method == "POST":
        try:
            wanted = _wanted(request)
        except NotUnderstood as why:
            return render(request, "desk/who_saw_what.html", context | {"problem": str(why)}, status=422)
        flush(now=request.now)
        context["entries"] = search(
            wanted,
            reader=reference(request.actor),
            purpose=PurposeOfUse.COMPLIANCE,
            now=request.now,
            place=place_of(request),
            limit=SHOWN,
        )
    return render(request, "desk/who_saw_what.html", context)


def _wanted(request: SignedInRequest) -> Filter:
    """Return what is looked for.

    Raises:
        NotUnderstood: it names nobody who is here, or nothing at all.
    """
    number, person = typed(request, "patient"), typed(request, "person")
    since, until = day(request, "since"), day(request, "until")
    if not (number or person or since):
        raise NotUnderstood(_("Name a patient, a person or a first day."))
    return Filter(
        patient=str(_patient(number)) if number else None,
        actor=str(_account(person).id) if person else None,
        since=_midnight(since) if since else None,
        until=_midnight(until + timedelta(days=1)) if until else None,
    )


@require_http_methods(["GET", "HEAD", "POST"])
@signed_in
def explain_access(request: SignedInRequest) -> HttpResponse:
    """Answer "may X do Y with Z, and why (not)?", also for a person who does not exist (A3 of the issue)."""
    granted(request, Action.EXPLAIN_ACCESS, HOUSE, told=True)
    context: dict[str, object] = {
        "actions": ACTION_NAMES.items(),
        "roles": ROLE_NAMES.items(),
        "purposes": [(purpose.value, purpose.sentence) for purpose in PurposeOfUse],
        "relations": [(relation.value, RELATION_NAMES[relation]) for relation in SUPPOSED],
        "typed": request.POST,
    }
    if request.method == "POST":
        try:
            question = _question(request)
        except NotUnderstood as why:
            return render(request, "desk/explain.html", context | {"problem": str(why)}, status=422)
        granted(
            request, Action.EXPLAIN_ACCESS, RecordFacts(question.record.patient) if question.record.patient else HOUSE
        )
        context |= _answer(question, now=request.now)
    return render(request, "desk/explain.html", context)


def _answer(question: Question, *, now: datetime) -> dict[str, object]:
    """Return the decision with everything that led to it, in words."""
    around = context_about(question.actor, question.record, now=now, action=question.action, purpose=question.purpose)
    answer = explain(question.actor, question.action, question.record, question.purpose, around, now=now)
    return {
        "question": question,
        "deed": ACTION_NAMES[question.action],
        "answer": answer,
        "standing": [RELATION_NAMES[relation] for relation in answer.relations],
        "rules": [(one, _missing(one)) for one in answer.tried],
    }


def _missing(tried: Tried) -> list[str]:
    """Return in sentences what would have to be different for this rule to say yes."""
    said = []
    if not tried.role_fits:
        roles = ", ".join(sorted(str(ROLE_NAMES[role]) for role in tried.rule.roles or ()))
        said.append(_("The person would need one of these roles: {roles}.").format(roles=roles))
    if not tried.relation_fits:
        true = RELATION_NAMES[tried.rule.relation]
        said.append(_("This would have to be true: “{sentence}”").format(sentence=true))
    if not tried.purpose_fits:
        said.append(_("It would have to be for another purpose."))
    return said


def _question(request: SignedInRequest) -> Question:
    """Return what was asked.

    Raises:
        NotUnderstood: a part of it can't be understood.
    """
    action = chosen(request, "action", Action)
    if action is None:
        raise NotUnderstood(_("Choose what the person wants to do."))
    record = _record(typed(request, "record"))
    actor = _actor(request, record)
    purpose = chosen(request, "purpose", PurposeOfUse) or usual_purpose(actor, record, now=request.now, action=action)
    return Question(actor, action, record, purpose)


def _actor(request: SignedInRequest, record: RecordFacts) -> Actor:
    """Return the person by e-mail address, or one who is only supposed."""
    person, role = typed(request, "person"), chosen(request, "role", Role)
    if person:
        return actor_of(_account(person), now=request.now)
    relation = chosen(request, "relation", Relation)
    return supposed(_("a supposed person"), role=role, relation=relation, patient=record.patient, now=request.now)


def _record(name: str) -> RecordFacts:
    """Return a study by its id, a patient's whole record by her number, or the house if nothing is named."""
    if not name:
        return HOUSE
    try:
        study = Study.objects.filter(pk=UUID(name)).first()
    except ValueError:
        return RecordFacts(_patient(name))
    if study is None:
        raise NotUnderstood(_("There is no such study."))
    return RecordFacts(study.patient_id, study.id)


def _patient(number: str) -> UUID:
    """Return the patient with this number, if it means exactly one."""
    found = list(PatientIdentifier.objects.filter(value=number).values_list("patient_id", flat=True)[:2])
    if len(found) != 1:
        raise NotUnderstood(_("There is no such patient number, or more than one."))
    return found[0]


def _account(email: str) -> Account:
    """Return the account with this e-mail address."""
    found = Account.objects.filter(email=email.lower()).first()
    if found is None:
        raise NotUnderstood(_("There is no account with this e-mail address."))
    return found


def _midnight(when: date) -> datetime:
    """Return the first moment of a day at the facility."""
    return datetime.combine(when, time.min, ZoneInfo(settings.FACILITY_TIME_ZONE))
