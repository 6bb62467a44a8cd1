"""A real scanner's exam summaries come out without anything that another OCR could read (S7)."""

import re
import shutil
import subprocess
from pathlib import Path

import cv2
import numpy as np
import pytest

from scanward.deid.keyed import Project
from scanward.deid.profiles import profile
from scanward.deid.run import Job, serial
from scanward.deid.sources import find
from scanward.deid.studies import by_study
from scanward.dicom.frames import frame


def read_by_tesseract(data: bytes, place: Path) -> str:
    pixels = frame(data).pixels.astype(np.float32)
    grey = np.clip((pixels - pixels.min()) * (255 / max(np.ptp(pixels), 1)), 0, 255).astype(np.uint8)
    cv2.imwrite(str(place / "page.png"), cv2.resize(grey, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC))
    command = ["tesseract", place / "page.png", "-", "--psm", "11"]
    return subprocess.run(command, capture_output=True, text=True, timeout=600, check=True).stdout


@pytest.mark.long
@pytest.mark.real
@pytest.mark.skipif(not shutil.which("tesseract"), reason="needs tesseract")
def test_no_word_and_no_number_can_be_read_in_what_comes_out(real_data: Path, tmp_path: Path) -> None:
    summaries = real_data / "ct" / "philips-phantom" / "S4010"
    words = re.compile(r"\d\d|[A-Za-z]{4,}")  # one sign alone it sees in the lines of a table, too
    assert len(words.findall(read_by_tesseract((summaries / "I30").read_bytes(), tmp_path))) > 50
    job = Job(profile("research"), Project("text", b"t" * 32), str(tmp_path / "out"), deface=True, text=True)
    (result,) = serial(job, by_study(find(summaries)))
    assert len(result.written) == 3
    for one in result.written:
        data = (tmp_path / "out" / one.path).read_bytes()
        assert words.findall(read_by_tesseract(data, tmp_path)) == []
