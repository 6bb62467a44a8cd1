"""`scanward access explain`, as an administrator types it: about people who are there, and about supposed ones."""

import pytest
from click.testing import CliRunner

from cast import BY, NOW, PLACE
from scanward.cli.access import command
from scanward.law.holds import Sensitivity
from scanward.release import holds


@pytest.fixture
def ask(monkeypatch):
    monkeypatch.setattr("scanward.cli.access.refuse_if_unsafe", lambda: None)

    def asked(**words):
        options = [part for name, value in words.items() for part in (f"--{name}", value)]
        return CliRunner().invoke(command, ["explain", *options])

    return asked


def test_it_says_whether_and_why_about_somebody_who_is_there(cast, ask):
    """K1: the same answer as at the desk, with each rule that came near."""
    study = str(cast.chest.id)
    yes = ask(actor="Dana@example.org", action="view_images", record=study)
    assert (yes.exit_code, yes.output.splitlines()[0].endswith("[clinician-assigned]")) == (0, True)
    no = ask(actor="bo@example.org", action="view_images", record=study)
    assert (no.exit_code, no.output[:3]) == (1, "No:")
    assert "clinician-assigned: lacks: role" in no.output
    assert "Rivera" not in yes.output + no.output


def test_it_answers_for_a_person_who_does_not_exist(cast, ask):
    """K1: any role, any relation; the patient by number, the study by id, and the house."""
    for words, code, rule in (
        ({"role": "treating_clinician", "action": "view_images", "record": "LH-100733"}, 1, "no-rule"),
        (
            {"role": "treating_clinician", "relation": "emergency", "action": "view_images", "record": "LH-100733"},
            0,
            "emergency",
        ),
        ({"relation": "own", "action": "download", "record": str(cast.abdomen.id)}, 0, "patient-own"),
        ({"relation": "represented", "action": "view_report", "record": "LH-100482"}, 0, "representative"),
        ({"role": "billing", "action": "view_study", "record": "LH-100733", "purpose": "HPAYMT"}, 0, "billing-summary"),
        ({"role": "administrator", "action": "manage_people"}, 0, "people"),
        ({"action": "manage_people"}, 1, "no-rule"),
    ):
        answer = ask(**words)
        assert (answer.exit_code, answer.output.splitlines()[0].split("[")[-1]) == (code, f"{rule}]"), answer.output


def test_it_knows_what_a_law_holds_back_as_the_page_does(cast, ask, settings):
    """K1, F8: Alice's report is hers, and not before the third day in Texas; her pictures are."""
    settings.FACILITY_STATE = "TX"
    report, study = cast.chest.reports.get(), str(cast.chest.id)
    holds.label(report, Sensitivity.MALIGNANCY, by=BY, now=NOW, place=PLACE)
    held = ask(actor="alice@example.org", action="view_report", record=study)
    assert held.exit_code == 1
    assert "159.0062" in held.output
    assert ask(actor="alice@example.org", action="view_images", record=study).exit_code == 0


@pytest.mark.parametrize(
    "words",
    [
        {"actor": "nobody@example.org", "record": "LH-100482"},
        {"actor": "dana@example.org", "role": "billing"},
        {"role": "billing", "record": "LH-0"},
        {"role": "billing", "record": "7b0e4f9e-0000-4000-8000-000000000000"},
        {"relation": "own"},
    ],
)
def test_what_it_does_not_understand_it_says_with_a_code_of_its_own(cast, ask, words):
    answer = ask(action="view_study", **words)
    assert answer.exit_code == 2
    assert "Error:" in answer.output
