"""The parts of a plain-text report are found by its headings, in English and Spanish, and no word is lost."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scanward.reporting.headings import sections_of_text
from scanward.reporting.kinds import SectionKind


def kinds(text: str) -> list[str]:
    return [section.kind.value for section in sections_of_text(text)]


@pytest.mark.parametrize(
    "text",
    [
        "EXAM: CT\nFINDINGS: a\nIMPRESSION: b\nRECOMMENDATIONS: c",
        "Examination\nCT\n\nFindings\na\n\nConclusion\nb\n\nFollow-up\nc",
        "1. Exam: CT\n2. Findings: a\n3. Impression: b\n4. Recommendation: c",
        "**PROCEDURE:** CT\n**FINDINGS:** a\n**CONCLUSIONS:** b\n**Recommendation:** c",
        "ESTUDIO: TC\nHALLAZGOS: a\nIMPRESIÓN DIAGNÓSTICA: b\nRECOMENDACIÓN: c",
        "Examen\nTC\nDescripción\na\nConclusión\nb\nSe recomienda: c",
        "EXAM: CT of the chest. FINDINGS: a mass. IMPRESSION: b. RECOMMENDATION: c.",
        "EXAM - CT\nFINDINGS - a\nIMPRESSION - b\nRECOMMENDATION - c",
        "=== STUDY ===\nCT\n=== REPORT ===\na\n=== OPINION ===\nb\n=== ADVICE ===\nc",
        "CT CHEST WITHOUT CONTRAST\nFINDINGS:\na\nIMPRESSION:\nb\nRECOMMENDATION:\nc",
    ],
)
def test_the_usual_ways_to_write_headings(text):
    assert kinds(text) == ["exam", "findings", "impression", "recommendation"]


def test_more_parts():
    text = "CLINICAL HISTORY: Cough.\nTÉCNICA: x\nCOMPARISON: None.\nADDENDUM: Added later.\nFINDINGS: y"
    assert kinds(text) == ["indication", "technique", "comparison", "findings", "other"]
    assert sections_of_text(text)[-1].text == "ADDENDUM: Added later."


def test_a_sentence_is_no_heading():
    text = (
        "FINDINGS: ok\nThe findings: none of note.\nImpression of the stomach on the liver.\nStudy - limited by motion."
    )
    assert kinds(text) == ["findings"]


def test_without_headings_all_of_it_is_what_was_seen():
    assert kinds("The lungs are clear.\nNothing else.") == ["findings"]


def test_a_part_that_comes_twice_is_one():
    [section] = sections_of_text("FINDINGS: a\nFINDINGS: b")
    assert (section.kind, section.text) == (SectionKind.FINDINGS, "a\n\nb")


WORDS = st.lists(
    st.sampled_from(["FINDINGS:", "Impression", "lung", "clear.", "\n", "HALLAZGOS:", "1.", "ñandú", "-", ":"]),
    max_size=30,
)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(WORDS)
def test_no_word_is_lost(words):
    text = " ".join(words)
    kept = " ".join(section.text for section in sections_of_text(text))
    for word in ("lung", "clear.", "ñandú"):
        assert len(re.findall(re.escape(word), kept)) == text.count(word)
