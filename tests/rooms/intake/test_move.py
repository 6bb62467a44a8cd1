"""C-MOVE: the PACS sends to our own listener, and the fetch is done when everything is here."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from cast import ALICE
from rooms.intake import real_pacs as real
from rooms.intake.listening import environment, listen
from scanward.dicom.synthetic import study

pytestmark = pytest.mark.skipif(not shutil.which("dcmqrscp"), reason="needs dcmtk")
MOVED = study("abdomen", seed=73, patient=ALICE, matrix=64, slices=5)


def test_a_study_comes_to_our_listener_whole(own_place, tmp_path):
    """dcmqrscp as the PACS, with our listener as the destination that it knows."""
    running = listen(own_place)
    with real.dcmqrscp(tmp_path, MOVED, listener=running.port) as port:
        (own_place / "pacs.toml").write_text(
            f'[[pacs]]\nname = "QR"\nissuer = "LAKESIDE"\nkind = "dicom"\nhost = "127.0.0.1"\nport = {port}\n'
            'ae_title = "QR"\nretrieve = "move"\n'
        )
        script = Path(__file__).with_name("moving.py")
        words = [sys.executable, str(script), MOVED.study_instance_uid]
        done = subprocess.run(
            words, check=False, env=environment(own_place), capture_output=True, text=True, timeout=240
        )
    assert running.stop() == 0
    assert f"RESULT done {len(MOVED.files)} " in done.stdout, done.stderr[-2000:]


def test_what_dcmtk_finds_at_a_pacs_it_has_moved_to_us(own_place, tmp_path):
    """Fault A11, the good side: findscu sees the study at dcmqrscp, movescu names us, and it is here."""
    running = listen(own_place)
    study_uid = f"StudyInstanceUID={MOVED.study_instance_uid}"
    with real.dcmqrscp(tmp_path, MOVED, listener=running.port) as port:
        asked = ["-S", "-aec", "QR", "-k", "QueryRetrieveLevel=STUDY", "-k", study_uid, "127.0.0.1", str(port)]
        found = subprocess.run(["findscu", "-v", *asked], check=True, capture_output=True, text=True, timeout=240)
        moved = subprocess.run(
            ["movescu", "-v", "-aem", "SCANWARD", *asked], check=False, capture_output=True, timeout=240
        )
    said = found.stdout + found.stderr
    assert "Success" in said
    assert MOVED.study_instance_uid in said
    assert moved.returncode == 0, moved.stderr[-500:]
    assert all(running.count("instance", file.sop_instance_uid) == 1 for file in MOVED.files)
    assert running.stop() == 0
