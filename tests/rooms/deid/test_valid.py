"""Item 4: a file that was valid stays valid, by the judgement of dicom3tools' dciodvfy."""

import re
import subprocess

import pytest

from scanward.deid.held import Held
from scanward.deid.keyed import Project
from scanward.deid.profiles import READY_MADE
from scanward.deid.rewrite import Deidentifier, Permissions

from .corpus import cases

PROJECT = Project("valid", b"v" * 32)
# dciodvfy can't read these inputs at all, so it has nothing to compare with.
UNREADABLE = ("unordered", "odd groups")


def errors(tmp_path, data: bytes) -> set[str]:
    """dciodvfy's errors, without the values in them."""
    path = tmp_path / "x.dcm"
    path.write_bytes(data)
    run = subprocess.run(["dciodvfy", "-new", str(path)], capture_output=True, check=False)
    lines = (run.stderr + run.stdout).decode("utf-8", "replace").splitlines()
    return {re.sub(r"= <[^>]*>", "", line) for line in lines if line.startswith("Error")}


def new_errors(tmp_path, engine, data: bytes) -> set[str]:
    return errors(tmp_path, engine.clean(data).assemble(data)) - errors(tmp_path, data)


@pytest.mark.dcmtk
@pytest.mark.parametrize("profile", ["research", "basic", "safe-harbor", "limited-data-set"])
def test_no_new_error_over_the_corpus(profile, tmp_path):
    engine = Deidentifier(READY_MADE[profile], PROJECT)
    for case in cases():
        if case.name.startswith(UNREADABLE) or "deflated" in case.name or "big" in case.name:
            continue
        try:
            assert not new_errors(tmp_path, engine, case.data), case.name
        except Held:
            assert case.name == "PDF"


@pytest.mark.dcmtk
@pytest.mark.real
@pytest.mark.parametrize("profile", ["research", "basic", "safe-harbor"])
def test_no_new_error_over_real_scans(profile, tmp_path, real_data):
    engine = Deidentifier(READY_MADE[profile], PROJECT, permissions=Permissions("a test", "a test"))
    files = [*(real_data / "ct" / "compressed").iterdir(), *sorted((real_data / "ct" / "ge-head").iterdir())[:3]]
    files += sorted((real_data / "ct" / "philips-phantom" / "S2010").glob("I1?"))
    for path in files:
        assert not new_errors(tmp_path, engine, path.read_bytes()), path.name
