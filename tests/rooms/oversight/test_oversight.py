"""The privacy officer's rounds: patterns in the ledger, incidents, and who still needs access."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django_tasks_db.models import DBTaskResult

from cast import NOW, PLACE, link, sender
from crowd import patient
from rooms.release.helping import staff
from rooms.reporting.messages import oru
from scanward.access.actions import AccessRefused
from scanward.access.glass import break_glass
from scanward.archive.results import read, take
from scanward.audit.actions import record
from scanward.audit.event import ActorRef, SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.audit.models import Entry
from scanward.cli.worker import keep_house
from scanward.law.purpose import PurposeOfUse
from scanward.oversight import actions
from scanward.oversight.anomalies import GLASSES, MANY_PATIENTS, REFUSALS, SPECS, find_all
from scanward.oversight.kinds import AnomalyRule, TaskOutcome
from scanward.oversight.models import Incident, ReviewTask
from scanward.people.actions import NotAllowed
from scanward.people.kinds import GlassReason, Role
from scanward.people.models import Account, CareRelation, Patient

# After the cast has got its roles: two or three in the afternoon in Chicago, and at night.
DAY = (NOW + timedelta(days=1)).replace(hour=20, minute=0)
NIGHT = (NOW + timedelta(days=2)).replace(hour=8, minute=0)

URGENT = oru(lines=["OBX|1|TX|||FINDINGS: Bleeding.|||AA|||F"])


def test_an_overdue_review_is_told_to_the_officers_once_and_names_nobody(
    cast, settings, django_capture_on_commit_callbacks
):
    """K9, fault C23: by e-mail, from the worker's rounds, not only when somebody opens the page."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    words = "She is unconscious in the emergency room."
    glass = break_glass(
        cast.dana, cast.charlies, reason=GlassReason.LIFE_THREATENING, words=words, place=PLACE, now=NOW
    )
    type(glass).objects.update(review_due_at=NOW)
    with django_capture_on_commit_callbacks(execute=True):
        keep_house()
        keep_house()
    assert [letter.to for letter in mail.outbox] == [["priya@example.org"]]
    text = mail.outbox[0].subject + mail.outbox[0].body
    assert not any(name in text for name in ("Novak", "Charlie", "Dana", "unconscious"))


def look(account, at_patient, *, at=DAY, kind=EventKind.RECORD_OPENED):
    from django.db import transaction

    with transaction.atomic():
        record(
            kind,
            actor=ActorRef(str(account.id), account.full_name, ""),
            subject=SubjectRef(SubjectKind.PATIENT, str(at_patient), patient=str(at_patient)),
            purpose=PurposeOfUse.TREATMENT,
            outcome=Outcome.SUCCESS,
            at=at,
            place=PLACE,
        )


def rules(*, now=DAY + timedelta(minutes=90)):
    return sorted(found.rule for found in find_all(now=now))


def watch(now=DAY + timedelta(minutes=90)):
    return actions.watch(place=PLACE, now=now)


def test_an_ordinary_day_raises_nothing(cast):
    """K10: whoever does her work is not told of."""
    for _n in range(5):
        look(cast.dana, cast.alices.id)
    assert rules() == []


def test_many_patients_within_an_hour(cast):
    """K10."""
    people = [patient(f"P{n}", "Doe", born=None).id for n in range(MANY_PATIENTS)]
    for n, one in enumerate(people[:-1]):
        look(cast.dana, one, at=DAY + timedelta(minutes=n))
    assert rules() == []
    look(cast.dana, people[-1], at=DAY + timedelta(minutes=60))
    assert rules() == [AnomalyRule.MANY_PATIENTS]


def test_the_same_number_over_a_day_is_not_many(cast):
    """K10."""
    for n in range(MANY_PATIENTS):
        look(cast.dana, patient(f"P{n}", "Doe", born=None).id, at=DAY - timedelta(minutes=5 * n))
    assert AnomalyRule.MANY_PATIENTS not in rules()


def test_the_same_family_name(cast):
    """K10: somebody of the patient's name has looked."""
    Account.objects.filter(pk=cast.bo.pk).update(full_name="Bo Rivera")
    look(cast.bo, cast.alices.id)
    assert rules() == [AnomalyRule.SAME_NAME]


def test_a_colleague_and_not_oneself(cast):
    """K10: one who works here looks at another who does."""
    mine = patient("Hal", "Moreau", born=None)
    link(cast.hal, mine)
    look(cast.hal, mine.id)
    assert rules() == []
    look(cast.bo, mine.id)
    assert rules() == [AnomalyRule.COWORKER]


def test_a_record_under_watch(cast):
    """K10."""
    Patient.objects.filter(pk=cast.alices.pk).update(watched=True)
    look(cast.dana, cast.alices.id)
    assert rules() == [AnomalyRule.WATCHED]


def test_the_broken_glass_of_a_watched_record_raises_a_task_as_well_as_its_review(cast):
    """K8, K10, fault C15: on a VIP. It opens, for there may be an emergency, and it is looked at twice."""
    Patient.objects.filter(pk=cast.charlies.pk).update(watched=True)
    glass = break_glass(
        cast.dana,
        cast.charlies,
        reason=GlassReason.LIFE_THREATENING,
        words="He collapsed in the street, and nobody knows his history.",
        place=PLACE,
        now=DAY,
    )
    look(cast.dana, cast.charlies.id)
    assert watch() == 1
    assert ReviewTask.objects.get().rule == AnomalyRule.WATCHED
    assert (glass.reviewed_at, glass.review_due_at > DAY) == (None, True)


def test_three_patients_at_night(cast):
    """K10."""
    for n in range(3):
        look(cast.dana, patient(f"P{n}", "Doe", born=None).id, at=NIGHT)
    assert rules(now=NIGHT + timedelta(hours=1)) == [AnomalyRule.NIGHT]


def test_breaking_the_glass_often_and_being_refused_often(cast):
    """K10."""
    for _n in range(GLASSES):
        look(cast.dana, cast.charlies.id, kind=EventKind.GLASS_BROKEN)
    for _n in range(REFUSALS):
        look(cast.bo, cast.charlies.id, kind=EventKind.DECISION_REFUSED)
    assert rules() == [AnomalyRule.GLASS_RATE, AnomalyRule.MANY_REFUSALS]


def test_what_patients_do_is_no_anomaly_of_the_staff(cast):
    Patient.objects.update(watched=True)
    look(cast.alice, cast.alices.id)
    look(cast.ruth, cast.alices.id)
    assert rules() == []


def test_every_rule_says_what_it_cannot_see():
    """K10: no false comfort."""
    assert set(SPECS) == set(AnomalyRule)
    assert all(str(spec.blind_to) for spec in SPECS.values())


@pytest.fixture
def task(cast):
    """Somebody looked at a record under watch."""
    Patient.objects.filter(pk=cast.alices.pk).update(watched=True)
    look(cast.dana, cast.alices.id)
    assert watch() == 1
    return ReviewTask.objects.get()


def test_a_pattern_is_one_task_however_often_the_rounds_are_made(task):
    assert watch() == 0
    assert Entry.objects.filter(kind=EventKind.SECURITY_ALERT).count() == 1


def test_a_task_that_waits_too_long_escalates(task):
    watch(now=task.due_at)
    task.refresh_from_db()
    assert task.escalated_at == task.due_at


def decide(task, by, outcome=TaskOutcome.EXPLAINED, words="On call."):
    return actions.decide_task(task.id, by=by, outcome=outcome, words=words, place=PLACE, now=DAY)


def test_a_task_becomes_an_incident_or_is_explained_once(task, cast):
    """N8."""
    decide(task, cast.priya, TaskOutcome.INCIDENT, "No reason to look.")
    assert Incident.objects.get().task == task
    with pytest.raises(NotAllowed):
        decide(task, cast.priya)


def test_nobody_decides_about_themselves_or_without_the_role(task, cast):
    ReviewTask.objects.update(account=cast.priya)
    for by in (cast.priya, cast.hal):
        with pytest.raises(AccessRefused):
            decide(task, by)
    ReviewTask.objects.update(account=cast.dana)
    with pytest.raises(NotAllowed):
        decide(task, cast.priya, words=" ")


def test_an_emergency_that_was_none_is_an_incident(cast):
    """K9."""
    for justified, incidents in ((True, 0), (False, 1)):
        glass = break_glass(
            cast.dana,
            cast.charlies,
            reason=GlassReason.OTHER_URGENT,
            words="Needed at once for care.",
            place=PLACE,
            now=NOW,
        )
        actions.review_glass(
            glass.id, by=cast.priya, justified=justified, words="Looked into it.", place=PLACE, now=NOW
        )
        assert Incident.objects.count() == incidents
    assert Entry.objects.filter(kind=EventKind.INCIDENT_OPENED, patient_id=str(cast.charlies.id)).count() == 1


def test_a_review_of_access_lists_every_role_and_is_signed(cast):
    """K7: list, last use, keep or remove, evidence."""
    look(cast.dana, cast.alices.id)
    review = actions.start_access_review(by=cast.priya, place=PLACE, now=DAY)
    lines = {line.assignment.account.full_name: line for line in review.lines.select_related("assignment__account")}
    assert (lines["Dana"].last_use, lines["Ravi"].last_use) == (DAY, None)
    with pytest.raises(NotAllowed):
        actions.sign_access_review(review, by=cast.priya, place=PLACE, now=DAY)
    with pytest.raises(NotAllowed):
        actions.decide_line(lines.pop("Priya"), by=cast.priya, keep=True, place=PLACE, now=DAY)
    review.lines.filter(assignment__account=cast.priya).delete()
    for name, line in lines.items():
        actions.decide_line(line, by=cast.priya, keep=name != "Ravi", place=PLACE, now=DAY)
    signed = actions.sign_access_review(review, by=cast.priya, place=PLACE, now=DAY)
    assert len(signed.evidence) == 64
    assert cast.ravi.roles_at(DAY) == frozenset()
    review.refresh_from_db()
    with pytest.raises(NotAllowed):
        actions.sign_access_review(review, by=cast.priya, place=PLACE, now=DAY)
    with pytest.raises(NotAllowed):
        actions.decide_line(review.lines.first(), by=cast.priya, keep=False, place=PLACE, now=DAY)


def test_others_do_not_review_who_has_access(cast):
    for by in (cast.sam, cast.hal):
        with pytest.raises(AccessRefused):
            actions.start_access_review(by=by, place=PLACE, now=DAY)


def urgent_mails() -> list[str]:
    """Whom the worker will write to about urgent results."""
    rows = DBTaskResult.objects.filter(task_path__startswith="scanward.archive.urgent").order_by("enqueued_at")
    return [row.args_kwargs["args"][0] for row in rows]


def test_an_urgent_result_that_nobody_opens_is_brought_to_the_officer_and_told_again(cast, settings):
    """H9: after the hours of the setting, once; the mails name nobody."""
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    [taken] = take(read(URGENT), URGENT, sender=sender(), now=DAY)
    first = len(urgent_mails())
    assert watch(DAY + timedelta(hours=3, minutes=59)) == 0
    assert watch(DAY + timedelta(hours=4)) == 1
    assert watch(DAY + timedelta(hours=5)) == 0
    task = ReviewTask.objects.get()
    assert (task.rule, task.account, task.patient) == ("urgent_unread", cast.dana, taken.report.study.patient)
    assert urgent_mails()[first:] == [str(cast.dana.id)]
    assert [letter.to for letter in mail.outbox] == [["priya@example.org"]]
    assert not any(name in mail.outbox[0].subject + mail.outbox[0].body for name in ("Alice", "Rivera", "Dana"))
    priya = Client()
    priya.force_login(cast.priya)
    page = priya.get(reverse("review-task", args=[task.id]))
    assert "Marked a finding as urgent." in page.content.decode()


def test_an_urgent_result_of_a_patient_without_a_clinician_is_the_leads_to_find_somebody(cast):
    """H9: the notice at once and the task after some hours go to the leads, the records lead first."""
    CareRelation.objects.filter(patient=cast.alices).update(valid_until=DAY - timedelta(days=1))
    take(read(URGENT), URGENT, sender=sender(), now=DAY)
    assert urgent_mails() == [str(cast.priya.id)]
    lena = staff("lena", Role.HIM_LEAD)
    assert watch(DAY + timedelta(hours=4)) == 1
    task = ReviewTask.objects.get()
    assert (task.rule, task.account, task.patient) == ("urgent_unread", lena, cast.alices)
    assert urgent_mails() == [str(cast.priya.id), str(lena.id)]


def test_an_urgent_result_that_staff_have_opened_is_not_brought_to_anybody(cast):
    """H9. What was read before the mark does not count, nor does the patient's own look."""
    take(read(URGENT), URGENT, sender=sender(), now=DAY)
    look(cast.dana, cast.alices.id, at=DAY - timedelta(minutes=1), kind=EventKind.REPORT_VIEWED)
    look(cast.alice, cast.alices.id, at=DAY + timedelta(minutes=1), kind=EventKind.REPORT_VIEWED)
    assert rules(now=DAY + timedelta(hours=5)) == [AnomalyRule.URGENT_UNREAD]
    look(cast.dana, cast.alices.id, at=DAY + timedelta(minutes=30), kind=EventKind.REPORT_VIEWED)
    assert rules(now=DAY + timedelta(hours=5)) == []
