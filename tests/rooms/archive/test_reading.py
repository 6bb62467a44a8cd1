"""Bytes leave only against a grant for exactly this record."""

from datetime import timedelta

import pytest

from cast import NOW, PLACE, actor
from scanward.access.actions import authorize
from scanward.access.kinds import Action, RecordFacts
from scanward.archive import reading
from scanward.archive.errors import VaultError
from scanward.archive.models import Instance, Report
from scanward.archive.place import vault
from scanward.archive.reports import SectionKind, read_report
from scanward.law.purpose import PurposeOfUse

pytestmark = pytest.mark.django_db


def grant(cast, action=Action.VIEW_IMAGES, study=None):
    wanted = study or cast.chest
    who = cast.alice if wanted == cast.chest else cast.charlie
    facts = RecordFacts(wanted.patient_id, wanted.id)
    return authorize(actor(who), action, facts, PurposeOfUse.PATIENT_REQUEST, now=NOW, place=PLACE)


def image_of(study):
    return Instance.objects.filter(series__study=study, frames__gt=0).first()


def test_a_grant_opens_its_own_study(cast):
    with reading.open(grant(cast), image_of(cast.chest), now=NOW) as stream:
        assert stream.read()[128:132] == b"DICM"


def test_a_grant_for_one_study_opens_no_other(cast):
    with pytest.raises(reading.GrantError, match="another record"):
        reading.open(grant(cast), image_of(cast.abdomen), now=NOW)


def test_a_grant_ends(cast):
    given = grant(cast)
    with pytest.raises(reading.GrantError, match="ended"):
        reading.open(given, image_of(cast.chest), now=NOW + timedelta(minutes=15))


def test_seeing_the_report_opens_no_images(cast):
    with pytest.raises(reading.GrantError, match="does not allow"):
        reading.open(grant(cast, Action.VIEW_REPORT), image_of(cast.chest), now=NOW)


def test_something_that_only_looks_like_a_grant_opens_nothing(cast):
    class Forged:
        def __init__(self, real):
            self.__dict__.update({name: getattr(real, name) for name in real.__slots__})

    with pytest.raises(reading.GrantError):
        reading.open(Forged(grant(cast)), image_of(cast.chest), now=NOW)  # type: ignore[arg-type]


def test_the_report_comes_back_in_its_sections(cast):
    sections = read_report(grant(cast, Action.VIEW_REPORT), Report.objects.get(study=cast.chest), now=NOW)
    assert [section.kind for section in sections][:1] == [SectionKind.EXAM]
    assert any(section.kind is SectionKind.IMPRESSION and "nodule" in section.text for section in sections)


def test_an_erased_study_can_not_be_read(cast):
    """Fault D14: the key is gone, so the bytes are."""
    vault().erase(cast.chest.key_id)
    with pytest.raises(VaultError), reading.open(grant(cast), image_of(cast.chest), now=NOW) as stream:
        stream.read()
