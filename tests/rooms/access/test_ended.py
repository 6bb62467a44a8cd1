"""What a representative is told when her authority has ended: that it did and when, and nothing newer than that."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cast import BY, NOW, PLACE, person
from crowd import patient, represent, study
from scanward.access.ended import ended_authorities, ended_for
from scanward.access.kinds import RecordFacts
from scanward.access.labels import label_study
from scanward.law.purpose import PurposeOfUse
from scanward.law.representatives import Care
from scanward.people.kinds import Authority
from scanward.people.models import Patient
from scanward.people.representing import end_representation, refuse_representation
from scanward.release.packages import prepare

pytestmark = pytest.mark.django_db
CHICAGO, DAY = ZoneInfo("America/Chicago"), timedelta(days=1)
BORN = (NOW - 40 * DAY).date().replace(day=1, year=(NOW - 40 * DAY).year - 18)
LONG_AGO = NOW - timedelta(days=400)


def midnight(day):
    return datetime.combine(day, time(), CHICAGO).astimezone(UTC)


def told(account, of, *, study_id=None, here_since=LONG_AGO, now=NOW):
    wanted = RecordFacts(of.id, study_id or uuid4())
    return ended_for(account, wanted, here_since=here_since, now=now)


def inside(account):
    client = Client()
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


@pytest.fixture
def ann(db):
    return patient("Ann", "Rivera", born=date(1970, 1, 1))


@pytest.fixture
def friend(db):
    return person("friend")


@pytest.mark.parametrize("change", ["valid_until", "ended_at", "refused_at"])
def test_an_end_is_told_with_its_day_however_it_came(friend, ann, change):
    """A3, C5: also after a refusal for danger, of which not a word is said."""
    represent(friend, ann, Authority.COURT_ORDER, now=LONG_AGO, **{change: NOW - DAY})
    answer = told(friend, ann)
    assert (answer.authority, answer.until) == (Authority.COURT_ORDER, NOW - DAY)
    assert [one.until for one in ended_authorities(friend, now=NOW)] == [NOW - DAY]
    assert told(person("stranger"), ann) is None


def test_a_parent_is_told_the_day_on_which_the_child_came_of_age():
    """C5, fault C14."""
    mia, pam = patient("Mia", "Rivera", born=BORN), person("pam")
    represent(pam, mia, Authority.PARENT, now=LONG_AGO)
    assert told(pam, mia).until == midnight(BORN.replace(year=BORN.year + 18))


def test_what_happened_to_the_patient_is_not_told_by_a_day(friend, ann):
    """A3: neither a death nor a court that made a minor of age; she learns only that her authority has ended."""
    represent(friend, ann, Authority.POWER_OF_ATTORNEY, now=LONG_AGO)
    Patient.objects.filter(pk=ann.pk).update(died_on=(NOW - 9 * DAY).date())
    assert told(friend, ann).until is None
    young, pam = patient("Mia", "Rivera", born=date(NOW.year - 15, 1, 1)), person("pam")
    represent(pam, young, Authority.PARENT, now=NOW)
    Patient.objects.filter(pk=young.pk).update(emancipated=True)
    assert told(pam, young).until is None
    # A day that was written on the paper before is no news.
    friend.representations.update(valid_until=NOW - 20 * DAY)
    assert told(friend, ann).until == NOW - 20 * DAY


def test_an_executors_authority_is_one_about_somebody_who_has_died(friend):
    dora = patient("Dora", "Novak", born=date(1930, 1, 1), died=(NOW - 90 * DAY).date())
    represent(friend, dora, Authority.EXECUTOR, now=LONG_AGO, valid_until=NOW - DAY)
    assert told(friend, dora).until == NOW - DAY


def test_nothing_is_told_of_what_she_could_not_see_on_the_last_day(friend, ann, cast):
    """A3, fault C1: a study that came later, one outside the scope, a hidden one, an authority that never began."""
    inside_it, outside, secret = study(ann), study(ann), study(ann)
    represent(
        friend, ann, Authority.POWER_OF_ATTORNEY, now=LONG_AGO, valid_until=NOW - DAY, without_sensitive=True,
        study_ids=[str(inside_it.id), str(secret.id)],
    )  # fmt: skip
    label_study(secret.id, ann, care=Care.SUBSTANCE_USE, by=cast.priya, place=PLACE, now=NOW)
    assert told(friend, ann, study_id=inside_it.id) is not None
    assert told(friend, ann, study_id=inside_it.id, here_since=NOW) is None
    assert told(friend, ann, study_id=outside.id) is None
    assert told(friend, ann, study_id=secret.id) is None
    early, never = person("early"), person("never")
    represent(early, ann, Authority.POWER_OF_ATTORNEY, now=NOW, valid_from=NOW + DAY)
    represent(never, ann, Authority.PARENT, now=NOW)
    assert (told(early, ann), told(never, ann)) == (None, None)


def test_who_still_acts_is_told_of_no_end(friend, ann):
    """An older authority has ended, a newer one holds: the list of ends has nothing, and her scans are hers to see."""
    represent(friend, ann, Authority.POWER_OF_ATTORNEY, now=LONG_AGO, valid_until=NOW - DAY)
    represent(friend, ann, Authority.GUARDIAN, now=NOW)
    assert ended_authorities(friend, now=NOW) == []
    friend.representations.filter(authority=Authority.GUARDIAN).update(ended_at=NOW)
    assert [one.authority for one in ended_authorities(friend, now=NOW)] == [Authority.GUARDIAN]
    assert told(friend, ann).authority is Authority.GUARDIAN


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Your authority to act for this person (Power of attorney"), ("es", "Su autorización para actuar por")],
)
def test_the_page_says_it_in_plain_words_and_names_nobody(cast, language, words):
    """A3, C5: at each of the scan's addresses; the answer is still that there is nothing."""
    ruth = inside(cast.ruth)
    now, purpose = timezone.now(), PurposeOfUse.PATIENT_REQUEST
    package = prepare(cast.ruth, cast.chest, purpose=purpose, language="en", now=now, place=PLACE)
    end_representation(cast.authority, actor=BY, place=PLACE, now=now)
    headers = {"Accept-Language": language}
    for address in (
        reverse("study", args=[cast.chest.id]),
        reverse("study-still", args=[cast.chest.id]),
        reverse("viewer-data", args=[cast.chest.id]),
        reverse("report-pdf", args=[cast.chest.id]),
        reverse("download", args=[cast.chest.id]),
    ):
        answer = ruth.get(address, headers=headers)
        assert (answer.status_code, words in answer.content.decode()) == (404, True)
        assert not any(word in answer.content for word in (b"Rivera", b"Alice", b"LH-100482"))
    assert words in ruth.post(reverse("download", args=[cast.chest.id]), headers=headers).content.decode()
    assert ruth.get(reverse("package", args=[package.id])).status_code in (404, 410)
    page = ruth.get(reverse("scans"), headers=headers).content.decode()
    assert words in page
    assert "Rivera" not in page
    # A stranger meets the page of an address that leads nowhere.
    assert words not in inside(cast.charlie).get(reverse("study", args=[cast.chest.id])).content.decode()


def test_a_refusal_for_danger_reads_like_any_other_end(cast):
    """164.502(g)(5): whoever is refused learns neither that somebody spoke of danger nor who."""
    refuse_representation(
        cast.authority, by=cast.dana, reason="signs of abuse", actor=BY, place=PLACE, now=timezone.now()
    )
    page = inside(cast.ruth).get(reverse("study", args=[cast.chest.id])).content.decode()
    assert "Your authority to act for this person" in page
    assert not any(word in page for word in ("abuse", "danger", "refused", "Dana"))
