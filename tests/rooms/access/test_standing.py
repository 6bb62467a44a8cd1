"""Which authority holds, for what and until when: the law's view of what is on file (45 CFR 164.502(g))."""

from datetime import UTC, date, datetime, time, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

import pytest

from cast import NOW, PLACE, actor, person
from crowd import link, patient, represent, study
from scanward.access.actions import AccessRefused
from scanward.access.decide import decide
from scanward.access.kinds import Action, Context, Grant, RecordFacts
from scanward.access.labels import label_study
from scanward.access.standing import today, why_not
from scanward.law.purpose import PurposeOfUse
from scanward.law.representatives import Care
from scanward.people.kinds import Authority, Role
from scanward.people.models import Patient

pytestmark = pytest.mark.django_db
CHICAGO = ZoneInfo("America/Chicago")
# The first of the next month: the child comes of age at its first minute in Chicago.
OF_AGE = (NOW.date().replace(day=1) + timedelta(days=32)).replace(day=1)
MIDNIGHT = datetime.combine(OF_AGE, time(), CHICAGO).astimezone(UTC)
DIED = NOW.date() - timedelta(days=25)


def sees(account, of, study_id=None, *, now=NOW):
    wanted = RecordFacts(of.id, study_id or uuid4())
    answer = decide(
        actor(account, now=now), Action.VIEW_IMAGES, wanted, PurposeOfUse.PATIENT_REQUEST, Context(), now=now
    )
    return isinstance(answer, Grant)


@pytest.fixture
def child(db):
    """She turns 18 on the first of the next month."""
    return patient("Mia", "Rivera", born=OF_AGE.replace(year=OF_AGE.year - 18))


@pytest.fixture
def pam(child):
    """The child's mother."""
    account = person("pam")
    represent(account, child, Authority.PARENT, now=NOW)
    return account


def test_a_parent_loses_access_in_the_minute_in_which_the_child_is_of_age(pam, child):
    """Fault C14, C5."""
    assert sees(pam, child, now=MIDNIGHT - timedelta(seconds=1))
    assert not sees(pam, child, now=MIDNIGHT)


def test_a_grant_given_before_that_minute_ends_with_it(pam, child):
    before = MIDNIGHT - timedelta(minutes=1)
    asked = (Action.VIEW_IMAGES, RecordFacts(child.id, uuid4()), PurposeOfUse.PATIENT_REQUEST, Context())
    answer = decide(actor(pam, now=before), *asked, now=before)
    assert answer.expires_at == MIDNIGHT


def test_a_house_may_end_it_sooner(pam, child, settings):
    """law.md 6: many portals do at 13."""
    settings.PROXY_ENDS_AT_AGE = 13
    assert not sees(pam, child)


def test_emancipation_and_an_unknown_date_of_birth_end_a_parents_access(pam, child):
    Patient.objects.filter(pk=child.pk).update(emancipated=True)
    assert not sees(pam, child)
    Patient.objects.filter(pk=child.pk).update(emancipated=False, birth_date=None)
    assert not sees(pam, child)


@pytest.mark.parametrize("kind", [Authority.PARENT, Authority.GUARDIAN])
def test_what_a_minor_consented_to_alone_stays_hidden(kind, child, cast, settings):
    """164.502(g)(3)(i)(A): in California a minor of any age consents to care about a pregnancy."""
    settings.FACILITY_STATE = "CA"
    account = person("parent")
    represent(account, child, kind, now=NOW)
    plain, secret = study(child), study(child)
    label_study(secret.id, child, care=Care.PREGNANCY, by=cast.hal, consented_alone=True, place=PLACE, now=NOW)
    assert sees(account, child, plain.id)
    assert not sees(account, child, secret.id)


def test_a_label_alone_hides_nothing_from_a_parent(pam, child, cast):
    """Without one of the three exceptions the parent stands in for the child."""
    labelled = study(child)
    label_study(labelled.id, child, care=Care.MENTAL_HEALTH, by=cast.hal, place=PLACE, now=NOW)
    assert sees(pam, child, labelled.id)


def test_an_authority_without_the_sensitive_studies(child, cast):
    account, adult = person("friend"), patient("Ann", "Rivera", born=date(1970, 1, 1))
    represent(account, adult, Authority.POWER_OF_ATTORNEY, now=NOW, without_sensitive=True)
    secret = study(adult)
    label_study(secret.id, adult, care=Care.SUBSTANCE_USE, by=cast.priya, place=PLACE, now=NOW)
    assert sees(account, adult)
    assert not sees(account, adult, secret.id)


def test_only_records_staff_label_a_study(child, cast):
    with pytest.raises(AccessRefused):
        label_study(study(child).id, child, care=Care.INFECTION, by=cast.bo, place=PLACE, now=NOW)


def test_death_ends_every_authority_but_the_executors(child):
    """164.502(g)(4), fault C14."""
    dora = patient("Dora", "Novak", born=date(1930, 1, 1), died=DIED)
    attorney, executor, herself = person("attorney"), person("executor"), person("dora")
    represent(attorney, dora, Authority.POWER_OF_ATTORNEY, now=NOW)
    held = represent(executor, dora, Authority.EXECUTOR, now=NOW - timedelta(days=90))
    link(herself, dora, now=NOW)
    assert [sees(one, dora) for one in (attorney, executor, herself)] == [False, True, False]
    assert actor(executor).representing[0].valid_from == datetime.combine(DIED, time(), CHICAGO)
    Patient.objects.filter(pk=dora.pk).update(died_on=None)
    held.patient.refresh_from_db()
    assert "executor" in why_not(held, now=NOW)


def test_a_refused_or_ended_authority_says_why(pam, child):
    """164.502(g)(5)."""
    held = pam.representations.get()
    held.refused_at = NOW
    assert "endanger" in why_not(held, now=NOW)
    held.refused_at, held.ended_at = None, NOW
    assert why_not(held, now=NOW) == "It was ended."
    held.ended_at = None
    assert why_not(held, now=NOW) == ""


def test_what_was_ended_stays_so_although_the_clock_was_set_back(child):
    """Fault D10: an authority, a link to oneself and a role."""
    herself, former, yesterday = person("mia"), person("former"), NOW - timedelta(days=1)
    link(herself, child, now=yesterday)
    represent(mother := person("pam"), child, Authority.PARENT, now=yesterday)
    former.assignments.create(role=Role.HIM_CLERK, valid_from=yesterday)
    back = NOW - timedelta(minutes=30)
    assert sees(herself, child, now=back) and sees(mother, child, now=back) and former.roles_at(back)
    for rows in (herself.patient_links, mother.representations, former.assignments):
        rows.update(ended_at=NOW)
    assert not sees(herself, child, now=back) and not sees(mother, child, now=back) and not former.roles_at(back)


def test_a_death_that_is_entered_for_tomorrow_ends_it_tomorrow(cast):
    Patient.objects.filter(pk=cast.alices.pk).update(died_on=today(NOW) + timedelta(days=1))
    assert sees(cast.ruth, cast.alices, cast.chest.id)
    assert not sees(cast.ruth, cast.alices, cast.chest.id, now=NOW + timedelta(days=1))


def test_a_guardian_of_an_adult_sees_what_is_labelled(cast):
    ann, account = patient("Ann", "Rivera", born=date(1970, 1, 1)), person("guardian")
    represent(account, ann, Authority.GUARDIAN, now=NOW)
    secret = study(ann)
    label_study(secret.id, ann, care=Care.MENTAL_HEALTH, by=cast.hal, consented_alone=True, place=PLACE, now=NOW)
    assert sees(account, ann, secret.id)
    Patient.objects.filter(pk=ann.pk).update(birth_date=None)
    assert not sees(account, ann, secret.id)
    Patient.objects.filter(pk=ann.pk).update(emancipated=True)
    assert sees(account, ann, secret.id)


def test_a_role_is_not_a_relation(cast):
    """A clinician's role gives nothing over somebody whom she does not treat."""
    assert Role.TREATING_CLINICIAN in actor(cast.dana).roles
    assert not sees(cast.dana, cast.charlies, cast.abdomen.id)
