"""Entering who may act for a patient: with a paper, within the law, and taken away at once."""

from datetime import date, timedelta

import pytest

from cast import NOW, PLACE, actor, person
from crowd import patient, study
from scanward.access.actions import AccessRefused
from scanward.access.authorities import Reach, end_authority, enter_authority, refuse_authority
from scanward.access.decide import decide
from scanward.access.kinds import Action, Context, Grant, RecordFacts
from scanward.access.labels import label_study, unlabel_study
from scanward.access.models import SensitiveStudy
from scanward.law.purpose import PurposeOfUse
from scanward.law.representatives import Care
from scanward.people.actions import NotAllowed
from scanward.people.kinds import Authority
from scanward.people.models import Representation

pytestmark = pytest.mark.django_db
PAPER = b"%PDF-1.7 power of attorney"


@pytest.fixture
def rob():
    return person("rob")


def enter(cast, rob, authority=Authority.POWER_OF_ATTORNEY, *, whom=None, by="hal", now=NOW, **reach):
    wanted = Reach(**{"valid_from": now} | reach)
    return enter_authority(
        rob,
        whom or cast.alices,
        authority,
        wanted,
        evidence="power of attorney of 3 May, identity card",
        document=PAPER,
        by=getattr(cast, by),
        place=PLACE,
        now=now,
    )


def sees(account, wanted, *, now=NOW):
    facts = RecordFacts(wanted.patient_id, wanted.id)
    ask = PurposeOfUse.PATIENT_REQUEST
    return isinstance(decide(actor(account, now=now), Action.VIEW_IMAGES, facts, ask, Context(), now=now), Grant)


def test_a_representative_sees_what_was_entered_from_the_first_to_the_last_minute(cast, rob):
    """A3, C5."""
    day = timedelta(days=1)
    enter(cast, rob, valid_from=NOW + day, valid_until=NOW + 3 * day)
    times = {0: False, 1: True, 2: True, 3: False}
    assert {n: sees(rob, cast.chest, now=NOW + n * day) for n in times} == times
    assert not sees(rob, cast.chest, now=NOW + 3 * day)
    assert sees(rob, cast.chest, now=NOW + 3 * day - timedelta(seconds=1))


def test_some_scans_are_some_scans(cast, rob):
    other = study(cast.alices)
    enter(cast, rob, study_ids=(cast.chest.id,))
    assert sees(rob, cast.chest)
    assert not sees(rob, other)


def test_sensitive_scans_stay_out_where_the_paper_says_so(cast, rob):
    label = label_study(
        cast.chest.id, cast.alices, care=Care.MENTAL_HEALTH, by=cast.hal, place=PLACE, now=NOW, consented_alone=True
    )
    enter(cast, rob, without_sensitive=True)
    assert not sees(rob, cast.chest)
    unlabel_study(label, by=cast.hal, place=PLACE, now=NOW)
    assert not SensitiveStudy.objects.exists()
    assert sees(rob, cast.chest)


def test_the_law_is_asked_before_anything_is_written(cast, rob):
    """C5: a parent of a grown woman is no representative; nothing half-done remains."""
    with pytest.raises(NotAllowed):
        enter(cast, rob, Authority.PARENT)
    assert not Representation.objects.filter(account=rob).exists()


def test_a_parents_authority_ends_by_itself(cast, rob):
    """C5, fault C14."""
    child = patient("Kim", "Berg", born=date(NOW.year - 17, 1, 1))
    scan = study(child)
    enter(cast, rob, Authority.PARENT, whom=child)
    assert sees(rob, scan)
    assert not sees(rob, scan, now=NOW + timedelta(days=400))


def test_ended_at_once(cast, rob):
    """Fault C14."""
    end_authority(enter(cast, rob), by=cast.hal, place=PLACE, now=NOW)
    assert not sees(rob, cast.chest)


def test_refused_for_danger_and_not_entered_again_by_the_desk(cast, rob):
    """C5, 164.502(g)(5)."""
    held = enter(cast, rob)
    with pytest.raises(AccessRefused):
        refuse_authority(held, reason="I saw bruises.", by=cast.hal, place=PLACE, now=NOW)
    refuse_authority(held, reason="I saw bruises.", by=cast.dana, place=PLACE, now=NOW)
    assert not sees(rob, cast.chest)
    with pytest.raises(NotAllowed, match="keep the patient safe"):
        enter(cast, rob)
    enter(cast, rob, by="priya")


@pytest.mark.parametrize("name", ["bo", "dana", "sam", "ravi", "alice"])
def test_others_enter_nobody(cast, rob, name):
    with pytest.raises(AccessRefused):
        enter(cast, rob, by=name)


def test_nobody_writes_down_themselves_nor_without_a_paper(cast, rob):
    with pytest.raises(NotAllowed):
        enter(cast, cast.hal)
    with pytest.raises(NotAllowed, match="JPEG"):
        enter_authority(
            rob, cast.alices, Authority.GUARDIAN, Reach(valid_from=NOW), evidence="paper", document=b"",
            by=cast.hal, place=PLACE, now=NOW,
        )  # fmt: skip
