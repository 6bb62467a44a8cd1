"""What must not start does not start, and says what to mend."""

import os
import shutil
import socket
from pathlib import Path

import pytest
from click.testing import CliRunner

from cast import NOW
from faults.commands import command
from scanward.audit.kinds import EventKind
from scanward.audit.models import Entry
from scanward.cli import demo, worker
from scanward.cli.startup import problems

AS_ROOT = "Scanward runs as root"
# settings behind SCANWARD_, what is done to the folder, the words that must be said
UNSAFE = {
    "debug": ({"DEBUG": "1"}, None, "SCANWARD_DEBUG is on"),
    "no TLS": ({"BIND": "0.0.0.0", "DEMO": ""}, None, "there is no TLS"),
    "no TLS, IPv6": ({"BIND": "::", "DEMO": ""}, None, "there is no TLS"),
    "demo for all": ({"BIND": "0.0.0.0", "BEHIND_TLS": "1"}, None, "runs on 127.0.0.1 only"),
    "default secret": ({}, ("secret.key", "changeme\n", 0o600), "The secret key is missing or is a default"),
    "one letter": ({}, ("secret.key", "a" * 64, 0o600), "The secret key is missing or is a default"),
    "no secret": ({}, ("secret.key", None, 0), "The secret key is missing"),
    **{
        f"{name} for all": ({}, (f"{name}.key", "", 0o644), f"SCANWARD_{name.upper()}_KEY_FILE: other users can read")
        for name in ("master", "database", "secret", "manifest", "ledger")
    },
    "directory": ({"OIDC_ISSUER": "http://login.example.org"}, None, "It must begin with https"),
    "no client": ({"OIDC_ISSUER": "https://login.example.org"}, None, "SCANWARD_OIDC_CLIENT_SECRET_FILE"),
    **({"root": ({"DEMO": ""}, None, AS_ROOT)} if os.geteuid() == 0 else {}),
}


def spoil(folder: Path, how: tuple[str, str | None, int]) -> None:
    """Change a key file: its text, or only its mode; None takes it away."""
    name, text, mode = how
    path = folder / "keys" / name
    if text is None:
        path.unlink()
        return
    if text:
        path.write_text(text)
    path.chmod(mode)


def test_an_unsafe_installation_does_not_start(prepared, tmp_path):
    """fault E9: each alone is enough; the reason is said, nothing listens, and there is no traceback."""
    started = {}
    for number, (name, (settings, spoiled, _said)) in enumerate(UNSAFE.items()):
        folder = shutil.copytree(prepared / "hospital" / "keys", tmp_path / str(number) / "keys").parent
        if spoiled:
            spoil(folder, spoiled)
        started[name] = command(folder, "serve", **settings)
        if number % 3 == 2:  # A few at a time.
            started[name].wait(timeout=500)
    for name, child in started.items():
        said, wrong = child.communicate(timeout=500)
        assert child.returncode == 1, name
        assert "Scanward does not start" in wrong, name
        assert UNSAFE[name][2] in wrong
        assert "Traceback" not in said + wrong


def test_a_port_that_is_taken_is_named_before_anything_is_made(tmp_path):
    """Bad input: `make run` a second time beside the first says which port, and makes no keys."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = CliRunner().invoke(demo.command, ["--data", str(tmp_path / "new"), "--port", port])
    assert done.exit_code == 1
    assert f"Port {port} is in use" in done.output
    assert "--port" in done.output
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("FACILITY_TIME_ZONE", "Chicago", "America/Chicago"),
        ("FACILITY_KIND", "clinic", "urgent care"),
        ("FACILITY_TARGET", "soon", "like 3-7"),
        ("FACILITY_STATE", "Texas", "two letters"),
    ],
)
def test_a_house_that_is_described_wrongly_does_not_start(settings, name, value, said):
    """Fault E9, F4: the law's dates, and what patients are told, would be a guess."""
    before = list(problems())
    setattr(settings, name, value)
    [found] = [text for text in problems() if text not in before]
    assert said in found


LINK = ["link", *["--account", "a", "--patient", "1", "--issuer", "X", "--method", "document", "--evidence", "x"]]


@pytest.mark.parametrize("words", [["import", "."], LINK, ["worker", "--once"]], ids=lambda words: words[0])
def test_commands_that_touch_records_refuse_too(prepared, tmp_path, words):
    """fault E9."""
    folder = shutil.copytree(prepared / "hospital" / "keys", tmp_path / "keys").parent
    child = command(folder, *words, DEBUG="1")
    _said, wrong = child.communicate(timeout=500)
    assert child.returncode == 1
    assert "Scanward does not start" in wrong


# The worker's signing -----------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_the_worker_signs_the_ledger(cast, settings):
    """fault E1: nobody has to think of `scanward audit checkpoint`."""
    worker.sign()
    assert list((settings.CHECKPOINT_DIR / "checkpoints").iterdir())
    assert Entry.objects.filter(kind=EventKind.CHECKPOINT_WRITTEN).count() == 1


@pytest.mark.django_db
def test_a_checkpoint_that_can_not_be_written_is_said_loudly_and_stops_nothing(cast, settings, tmp_path, caplog):
    """fault E4, D9: a folder that is a file."""
    settings.CHECKPOINT_DIR = tmp_path / "a-file"
    settings.CHECKPOINT_DIR.write_text("")
    worker.sign()
    assert [record.levelname for record in caplog.records] == ["CRITICAL"]
    assert "The ledger was not signed" in caplog.text


def test_the_signing_goes_on_until_the_worker_stops(monkeypatch):
    import threading

    stopping, signed = threading.Event(), []
    monkeypatch.setattr(worker, "sign", lambda: (signed.append(NOW), stopping.set() if len(signed) == 3 else None))
    monkeypatch.setattr(worker.connection, "close", lambda: None)
    monkeypatch.setattr(worker, "keep_house", lambda: None)
    worker.sign_now_and_then(stopping, every=0.001)
    assert len(signed) == 3
