"""What time does: the leads are told before a date passes, quiet requests close, and the catalogue's map is true."""

import importlib.util
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from cast import NOW, PLACE, Cast
from rooms.release.helping import later
from scanward.people.models import Account
from scanward.release import actions
from scanward.release.housekeeping import tidy
from scanward.release.models import ReleaseRequest

ROOT = Path(__file__).resolve().parents[3]
Ask = Callable[..., ReleaseRequest]


@pytest.mark.django_db
def test_the_leads_are_told_once_before_a_date_passes(
    cast: Cast, lena: Account, ask: Ask, mailoutbox: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    """Requirement F6: at nine tenths of the time, by e-mail, without a word about anybody."""
    ask()
    with django_capture_on_commit_callbacks(execute=True):
        assert tidy(now=later(days=20))["escalated"] == 0
        assert tidy(now=later(days=28))["escalated"] == 1
        assert tidy(now=later(days=29))["escalated"] == 0
    assert sorted(sent.to[0] for sent in mailoutbox) == ["lena@example.org", "priya@example.org"]
    assert not [sent for sent in mailoutbox if "Rivera" in sent.body + sent.subject]


@pytest.mark.django_db
def test_what_was_delivered_closes_by_itself_after_thirty_days(cast: Cast, approved: Ask) -> None:
    request = approved()
    actions.build(request, by=cast.hal, now=NOW, place=PLACE)
    actions.deliver(request, actions.HandOver(), by=cast.hal, now=NOW, place=PLACE)
    assert tidy(now=later(days=29))["closed"] == 0
    assert tidy(now=later(days=31))["closed"] == 1
    request.refresh_from_db()
    assert request.state == "closed"


def the_map() -> Any:
    spec = importlib.util.spec_from_file_location("requirements_map", ROOT / "tools" / "requirements_map.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_map_reads_lines_and_leaves_rows_of_the_fault_table_out() -> None:
    named = the_map().named_in
    assert named("Requirements J1 to J3, L5; faults C6, D8: so.") == {"J1", "J2", "J3", "L5"}
    assert named("Fault C16: and trap T1.") == {"T1"}
    assert named("A11: the first scan. Z9, A99.") == {"A11"}


def test_the_catalogue_has_all_of_its_lines() -> None:
    assert len(the_map().lines()) == 215
