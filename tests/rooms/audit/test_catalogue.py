"""Every kind of event is told in a plain sentence and in codes."""

import re
import runpy
from pathlib import Path

import pytest

from scanward.audit.catalogue import CATALOGUE
from scanward.audit.codes import DCM, LIFECYCLE, RESTFUL
from scanward.audit.kinds import EventKind, Retention

REPOSITORY = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize("kind", list(EventKind))
def test_every_kind_has_one_plain_sentence_and_its_codes(kind: EventKind) -> None:
    meaning = CATALOGUE[kind]
    assert re.fullmatch(r"[A-Z][^.]{3,68}\.", str(meaning.sentence))
    assert re.fullmatch(r"1101(0\d|1[0-4])", meaning.dicom.coding().code)
    assert meaning.subtype.system in {DCM, LIFECYCLE, RESTFUL}
    assert len(kind.value) <= 40


def test_no_two_kinds_share_a_sentence() -> None:
    assert len({str(meaning.sentence) for meaning in CATALOGUE.values()}) == len(EventKind)


def test_the_codes_that_the_fault_table_names_are_there() -> None:
    """Faults A7, E5."""
    assert CATALOGUE[EventKind.LEDGER_USED].dicom.value == "110101"
    assert CATALOGUE[EventKind.CONNECTION_REFUSED].dicom.value == "110113"
    assert CATALOGUE[EventKind.GLASS_BROKEN].subtype.code == "110127"


def test_the_patient_sees_whatever_left_the_house() -> None:
    """L5: the patient sees every disclosure. What an official keeps from her for now would be told by its own entry."""
    unseen = {kind for kind, m in CATALOGUE.items() if m.retention is Retention.DISCLOSURE and not m.patient_sees}
    assert unseen == {EventKind.ACCOUNTING_SUSPENDED, EventKind.ACCOUNTING_RESUMED}


def test_what_is_kept_says_by_what_rule() -> None:
    assert all(retention.rule for retention in Retention)
    assert Retention.ACCESS.years == 6
    assert Retention.PERMANENT.years is None


def test_the_reference_page_is_up_to_date() -> None:
    tool = runpy.run_path(str(REPOSITORY / "tools" / "events_reference.py"))
    assert tool["TARGET"].read_text("utf-8") == tool["page"](), "run `python tools/events_reference.py`"
