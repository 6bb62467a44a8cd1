"""S1, S6, R1: profiles, and that a site's own can only narrow unless it says why."""

import pytest

from scanward.deid.actions import Action, action
from scanward.deid.profiles import READY_MADE, Option, ProfileRefused, from_toml, profile
from scanward.deid.table import ROWS


def test_every_row_has_an_action_under_every_profile():
    for one in READY_MADE.values():
        for tag in ROWS:
            assert action(tag, one) in Action


@pytest.mark.parametrize("name", list(READY_MADE))
def test_no_profile_keeps_a_serial_number(name):
    """S6"""
    assert action(0x00181000, READY_MADE[name]) in (Action.WITHDRAW, Action.DUMMY, Action.EMPTY)


def test_a_site_may_narrow_without_a_reason():
    narrow = from_toml({"base": "research", "without": ["clean-descriptors"], "remove": ["(0008,0070)"]})
    assert Option.DESCRIPTORS not in narrow.options
    assert action(0x00080070, narrow) is Action.REMOVE


@pytest.mark.parametrize(
    "data",
    [
        {"options": ["retain-device"]},
        {"base": "safe-harbor", "options": ["retain-full-dates"], "justification": {"retain-full-dates": "trial"}},
        {"keep": {"(0018,1000)": " "}},
        {"keep": {"no tag": "because"}},
        {"options": ["no-such-option"]},
        {"base": "no-such-base"},
        {"surprise": 1},
    ],
)
def test_widening_without_a_reason_and_nonsense_are_refused(data):
    with pytest.raises(ProfileRefused):
        from_toml(data)


def test_a_site_may_widen_with_a_reason():
    """S6"""
    wide = from_toml({"options": ["retain-device"], "justification": {"retain-device": "scanner calibration study"}})
    assert action(0x00181000, wide) is Action.KEEP
    assert "113109" in wide.codes


def test_a_profile_file_is_read(tmp_path):
    path = tmp_path / "site.toml"
    path.write_text('name = "site"\nbase = "research"\nwhole_weeks = true\n')
    assert profile(str(path)).whole_weeks


def test_an_unknown_profile_names_the_known_ones():
    with pytest.raises(ProfileRefused, match="safe-harbor"):
        profile("nothing")
