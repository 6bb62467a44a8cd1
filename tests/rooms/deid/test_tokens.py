"""S2, S3, S5, fault B21: nothing planted comes out, and what research needs does."""

import io
import re
from functools import cache

import pydicom
import pytest

from scanward.deid.held import Held
from scanward.deid.keyed import Project
from scanward.deid.profiles import OPTION_NAMES, READY_MADE, Option, with_options
from scanward.deid.rewrite import Deidentifier
from scanward.dicom.walk import head, inflate

from .corpus import CT, ENHANCED, KEPT, PIXELS, cases

PROJECT = Project("tokens", b"0123456789abcdef" * 2)


@cache
def outputs(profile_name: str, seed: int = 1):
    """(case, source with tokens, inflated output, the engine's day shift) of everything that passed."""
    profile = READY_MADE.get(profile_name)
    if profile is None:
        every = frozenset(Option) - {Option.FULL_DATES, Option.UIDS, Option.DEVICE, Option.INSTITUTION}
        profile = with_options(READY_MADE["research"], every)
    engine, passed, held = Deidentifier(profile, PROJECT), [], []
    for case in cases(seed):
        try:
            done = engine.clean(case.data)
        except Held as reason:
            held.append((case.name, reason.reason.value))
            continue
        passed.append((case, done.assemble(case.data), done.scope.days))
    return passed, held


def inflated(data: bytes) -> bytes:
    about = head(data)
    return data[: about.start] + bytes(inflate(data[about.start :])) if about.deflated else data


def accidental(tokens: set[bytes], days: int) -> set[bytes]:
    """Dates that another date was moved or generalised to."""
    from datetime import datetime, timedelta

    dates = {t for t in tokens if len(t) == 8 and t.isdigit()}
    moved = {
        (datetime.strptime(t.decode(), "%Y%m%d") + timedelta(days)).strftime("%Y%m%d").encode().rjust(8, b"0")
        for t in dates
    }
    return moved | {t[:4] + b"0101" for t in dates}


def seen(token: bytes, output: bytes) -> bool:
    """Is a token left? A date only where its year begins a number: behind other digits a time and a date meet it."""
    if len(token) == 8 and token.isdigit():
        return re.search(rb"(?<!\d)" + token, output) is not None
    return token in output


@pytest.mark.parametrize(
    "profile", ["research", "basic", "safe-harbor", pytest.param("all clean options", marks=pytest.mark.long)]
)
def test_no_planted_token_is_left_in_anything_written(profile):
    passed, _ = outputs(profile)
    left = {
        (case.name, token)
        for case, output, days in passed
        for token in case.tokens - accidental(case.tokens, days)
        if token in output or token in inflated(output)
    }
    assert not left
    assert sum(len(case.tokens) for case, _, _ in passed) > 30_000


@pytest.mark.parametrize("profile", ["research", "basic", "safe-harbor"])
def test_only_the_enclosed_document_is_held_and_nothing_is_refused(profile):
    passed, held = outputs(profile)
    assert held == [("PDF", "document")]
    assert len(passed) > 45


def test_geometry_hounsfield_and_acquisition_parameters_are_all_there():
    for case, output, _ in outputs("research")[0]:
        data = pydicom.dcmread(io.BytesIO(output))
        if data.SOPClassUID not in (CT, ENHANCED):
            continue
        source = pydicom.dcmread(io.BytesIO(case.data))
        missing = [tag for tag, _, _ in KEPT if data.get(tag) is None or data[tag].value != source[tag].value]
        assert not [f"{tag:08X}" for tag in missing if not case.name.startswith("character")], case.name


def test_pixels_are_identical_to_the_byte():
    for case, output, _ in outputs("research")[0]:
        data = pydicom.dcmread(io.BytesIO(output))
        if data.SOPClassUID == CT and "coded" not in case.name:
            kept = (
                PIXELS.byteswap().tobytes() if data.file_meta.TransferSyntaxUID.endswith("1.2.2") else PIXELS.tobytes()
            )
            assert data.PixelData == kept, case.name


def test_compressed_pixels_decode_to_the_same_values():
    coded = [(case, output) for case, output, _ in outputs("research")[0] if case.name.startswith("coded")]
    assert len(coded) >= 3
    for case, output in coded:
        assert (pydicom.dcmread(io.BytesIO(output)).pixel_array == PIXELS).all(), case.name


def test_the_same_elements_come_out_whatever_the_encoding():
    """Implicit, big endian and deflated lose and keep exactly what explicit little endian does."""
    found = {case.name: set(pydicom.dcmread(io.BytesIO(output)).keys()) for case, output, _ in outputs("research")[0]}
    for kind in ("text", "depth 1"):
        plain = found[f"{kind} explicit False"]
        assert all(found[f"{kind} {label} False"] == plain for label in ("implicit", "deflated"))


def test_every_option_of_the_standard_can_be_chosen():
    assert len(OPTION_NAMES) == len(Option) == 10


@pytest.mark.long
@pytest.mark.parametrize("seed", range(2, 12))
def test_no_token_is_left_with_other_seeds(seed):
    passed, _ = outputs("research", seed)
    for case, output, days in passed:
        assert not [t for t in case.tokens - accidental(case.tokens, days) if seen(t, inflated(output))], case.name
