"""The residual risk: who is still matched, with its interval, on a page that names nobody (S14, R6)."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from scanward.cli.deid import command
from scanward.deid.pixels.likeness import Share
from scanward.deid.pixels.risk import NotComparable, compared, page

MODELS = os.environ.get("SCANWARD_TEST_FACE_MODELS", "")


def people(count: int) -> dict[str, list[np.ndarray]]:
    dice = np.random.default_rng(7)
    return {f"p{n}": [dice.normal(size=128)] for n in range(count)}


def test_heads_that_look_like_their_owners_are_accepted_and_first() -> None:
    """S14: the match with references measures the residual risk."""
    known = people(20)
    risk = compared({name: [numbers[0] + 0.01] for name, numbers in known.items()}, known)
    assert (risk.accepted, risk.first) == (Share(20, 20), Share(20, 20))


def test_heads_that_look_like_nobody_are_not_accepted() -> None:
    known = people(20)
    risk = compared({name: [numbers[0] * -1] for name, numbers in known.items()}, known)
    assert risk.accepted == Share(0, 20) and risk.first.hits < 5


def test_none_of_twenty_still_leaves_room_for_doubt() -> None:
    """Wilson's interval for 0 of 20: 0 to 16.1 %."""
    low, high = Share(0, 20).interval
    assert low == 0 and high == pytest.approx(0.161, abs=0.001)
    assert Share(0, 0).interval == (0.0, 1.0)


def test_too_few_references_and_heads_without_one_are_refused_and_nobody_is_named() -> None:
    with pytest.raises(NotComparable, match="3 people"):
        compared(people(2), people(2))
    with pytest.raises(NotComparable, match="1 of 4 heads"):
        compared(people(4), {name: n for name, n in people(4).items() if name != "p3"})


def test_the_page_says_what_an_expert_signs_and_warns_of_few_pairs() -> None:
    """R6: the result of the match, as a page for the determination."""
    known = people(4)
    text = page(compared(known, known), "2026-11-26")
    assert "4 of 4 (95 % interval" in text and "164.514(b)(1)" in text and "Fewer than 100 pairs" in text
    assert "p3" not in text


def test_a_missing_network_is_named(tmp_path: Path) -> None:
    for name in ("heads", "known", "models"):
        (tmp_path / name).mkdir()
    asked = ["risk", *(str(tmp_path / n) for n in ("heads", "known")), "--models", str(tmp_path / "models")]
    said = CliRunner().invoke(command, [*asked, "--out", str(tmp_path / "page.html")])
    assert said.exit_code == 1 and "dlib_face_recognition_resnet_model_v1.dat is missing" in said.output


@pytest.mark.long
def test_originals_are_matched_with_themselves(tmp_path: Path) -> None:
    if not MODELS:  # here and not in a mark: the quick suite leaves it out for being long, and says so
        pytest.skip("needs dlib's networks: SCANWARD_TEST_FACE_MODELS")
    from scanward.dicom.synthetic import SeriesKind, study

    for seed in (1, 2, 3):
        for side in ("heads", "known"):
            place = tmp_path / side / f"person{seed}"
            place.mkdir(parents=True)
            for n, file in enumerate(study("head", seed=seed, matrix=128, slices=72, series=[SeriesKind.SOFT]).files):
                (place / f"{n}").write_bytes(file.data)
    asked = ["risk", str(tmp_path / "heads"), str(tmp_path / "known"), "--models", MODELS]
    said = CliRunner().invoke(command, [*asked, "--out", str(tmp_path / "page.html")])
    assert said.exit_code == 0, said.output
    figures = json.loads((tmp_path / "page.json").read_text())
    assert figures["rank_1"]["hits"] == 3 and figures["still_detected"]["hits"] >= 8
