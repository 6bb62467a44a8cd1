"""The desk's first page: what waits for whom, in numbers and dates, and nobody's name."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils.formats import date_format

from cast import NOW, PASSWORD, PLACE, person, sender
from rooms.reporting.messages import oru
from scanward.access.glass import break_glass
from scanward.archive.results import read, take
from scanward.desk.waiting import WORKS, waiting
from scanward.oversight import actions as oversight
from scanward.oversight.models import AccessReviewLine
from scanward.people import actions as people
from scanward.people import contracts, staff
from scanward.people.kinds import GlassReason, Role
from scanward.people.models import Account
from scanward.release import actions, house, questions

pytestmark = pytest.mark.django_db

SOON = NOW + timedelta(minutes=5)
URGENT = oru(lines=["OBX|1|TX|||FINDINGS: Bleeding.|||AA|||F"])


def works(account, *, now=SOON):
    """What waits for somebody: the page on which it is done, and the sentence."""
    return {work.url: work.says for work in waiting(account, roles=account.roles_at(now), now=now)}


def whose(cast, url):
    """Who of the staff reads that something waits there."""
    names = ("hal", "dana", "bo", "priya", "ravi", "sam")
    return [name for name in names if url in works(getattr(cast, name))]


def test_in_a_quiet_house_nothing_waits(cast):
    everybody = [cast.hal, cast.dana, cast.bo, cast.ravi, cast.sam]
    assert [works(account) for account in everybody] == [{}] * 5
    client = Client()
    client.force_login(cast.hal)
    assert "Nothing waits for you" in client.get(reverse("desk")).content.decode()


def test_a_request_waits_for_the_desk_with_its_day_and_without_a_name(cast):
    """F6."""
    asked = actions.Asked(patient=cast.alices, studies=[cast.chest])
    row = actions.receive(asked, by=cast.alice, now=NOW, place=PLACE)
    assert whose(cast, "desk-requests") == ["hal", "priya"]
    assert date_format(row.due_on) in works(cast.hal)["desk-requests"]
    client = Client()
    client.force_login(cast.hal)
    page = client.get(reverse("desk")).content.decode()
    assert reverse("desk-requests") in page
    assert not {part for part in (cast.alices.family_name, row.number, cast.alice.full_name) if part in page}
    actions.withdraw(row, by=cast.alice, reason="", now=NOW, place=PLACE)
    assert whose(cast, "desk-requests") == []


def test_an_urgent_finding_waits_until_she_has_read_the_report(cast):
    """H9."""
    take(read(URGENT), URGENT, sender=sender(), now=NOW)
    assert whose(cast, "my-patients") == ["dana"]
    client = Client()
    client.force_login(cast.dana)
    client.get(reverse("study", args=[cast.chest.id]))
    assert whose(cast, "my-patients") == []


def test_an_urgent_finding_of_somebody_elses_patient_is_not_hers(cast):
    take(read(URGENT), URGENT, sender=sender(), now=NOW)
    dora = person("dora")
    people.assign_role(dora, Role.REFERRING_CLINICIAN, by=None, actor=people.ActorRef.system("t"), place=PLACE, now=NOW)
    assert works(dora) == {}


def test_a_question_waits_for_the_doctor_and_for_the_desk(cast):
    """H4."""
    questions.ask(cast.chest, body="What is a nodule?", by=cast.alice, now=NOW, place=PLACE)
    assert whose(cast, "desk-questions") == ["hal", "dana", "priya"]
    [thread] = questions.waiting(cast.dana, now=SOON)
    questions.answer(thread, body="A small round spot.", by=cast.dana, now=NOW, place=PLACE)
    assert whose(cast, "desk-questions") == []


def test_an_emergency_access_waits_for_the_officer_until_it_is_reviewed(cast):
    """K9."""
    reason = GlassReason.LIFE_THREATENING
    glass = break_glass(
        cast.dana, cast.charlies, reason=reason, words="She is unconscious in the emergency room.", place=PLACE, now=NOW
    )
    assert whose(cast, "reviews") == ["priya"]
    oversight.review_glass(glass.id, by=cast.priya, justified=True, words="Seen.", place=PLACE, now=NOW)
    assert whose(cast, "reviews") == []


def test_what_takes_two_waits_for_the_second_one_only(cast):
    """K1."""
    sue = person("sue", password=PASSWORD)
    people.assign_role(sue, Role.ADMINISTRATOR, by=None, actor=people.ActorRef.system("t"), place=PLACE, now=NOW)
    staff.propose_role(
        email="nina@example.org",
        full_name="Nina",
        role=Role.HIM_CLERK,
        by=cast.sam,
        reason="New here.",
        place=PLACE,
        now=NOW,
    )
    assert "people" not in works(cast.sam)
    assert "people" in works(sue)


def test_who_needs_access_is_asked_again_after_ninety_days(cast):
    """K7."""
    later = NOW + timedelta(days=91)
    assert "access-reviews" not in works(cast.priya)
    assert "access-reviews" in works(cast.priya, now=later)
    review = oversight.start_access_review(by=cast.priya, place=PLACE, now=later)
    AccessReviewLine.objects.filter(review=review).update(keep=True)
    oversight.sign_access_review(review, by=cast.priya, place=PLACE, now=later)
    assert "access-reviews" not in works(cast.priya, now=later + timedelta(days=1))
    assert "access-reviews" in works(cast.priya, now=later + timedelta(days=91))


def test_a_contract_is_brought_to_mind_a_month_before_its_end(cast):
    """A7."""
    today = house.today(NOW)
    terms = contracts.Terms(
        company="Cloud PACS",
        services="Keeps images.",
        kept_at="Shelf 3",
        signed_on=today,
        ends_on=today + timedelta(days=60),
        clauses_checked=True,
    )
    actor = people.ActorRef.system("t")
    contracts.enter_contract(terms, by=cast.priya, actor=actor, place=PLACE, today=today, now=NOW)
    assert "contracts" not in works(cast.priya)
    assert "contracts" in works(cast.priya, now=NOW + timedelta(days=31))


@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.url)
def test_whoever_reads_that_work_waits_can_open_its_page(cast, work):
    """No door is shown to whom it stays shut."""
    for role in work.roles:
        account = Account.objects.filter(email=f"{role.value}@example.org").first() or person(role.value)
        people.assign_role(account, role, by=None, actor=people.ActorRef.system("t"), place=PLACE, now=NOW)
        client = Client()
        client.force_login(account)
        assert client.get(reverse(work.url)).status_code == 200, role
