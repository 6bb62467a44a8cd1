"""The code that docs/reference/manifest.md gives for browsers agrees with our own. (Requirement A14.)"""

import json
import re
import subprocess
from base64 import b64encode
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from scanward.bundles.manifest import sign, signed
from scanward.bundles.members import Member

PAGE = Path(__file__).resolve().parents[3] / "docs" / "reference" / "manifest.md"
FILES = {"LEEME.txt": "¿Qué hay aquí?".encode(), "images/1-tórax/IM0001.dcm": bytes(1000)}
MAIN = """
const { publicKey, files } = JSON.parse(require("fs").readFileSync(0));
const bytes = (base64) => new Uint8Array(Buffer.from(base64, "base64"));
const found = new Map(Object.entries(files).map(([path, data]) => [path, bytes(data)]));
verify(bytes(publicKey), found).then((verdict) => console.log(JSON.stringify(verdict)));
"""


@pytest.fixture
def package(key: Ed25519PrivateKey, at: datetime) -> dict[str, bytes]:
    members = [Member.of(*item) for item in FILES.items()]
    seal = signed(members, key=key, release="R-1", created=at, product="Scanward 0.1.0")
    return {member.name: b"".join(member.chunks()) for member in [*members, *seal]}


@pytest.fixture
def verdict(program: Callable[[str], str], key: Ed25519PrivateKey) -> Callable[[dict[str, bytes]], dict[str, Any]]:
    code = re.search(r"```js\n(.*?)```", PAGE.read_text("utf-8"), re.DOTALL)
    assert code

    def run(files: dict[str, bytes]) -> dict[str, Any]:
        given = {
            "publicKey": b64encode(key.public_key().public_bytes_raw()).decode(),
            "files": {path: b64encode(data).decode() for path, data in files.items()},
        }
        command = [program("node"), "--no-warnings", "-e", code[1] + MAIN]
        done = subprocess.run(command, input=json.dumps(given), capture_output=True, text=True, check=True)
        read: dict[str, Any] = json.loads(done.stdout)
        return read

    return run


def test_an_untouched_package_is_good(package: dict[str, bytes], verdict: Callable[..., Any]) -> None:
    assert verdict(package) == {"seal": "good", "altered": [], "missing": [], "extra": []}


def test_altered_missing_and_extra_files_are_named(package: dict[str, bytes], verdict: Callable[..., Any]) -> None:
    package["LEEME.txt"] = package["LEEME.txt"][:-1] + b"!"
    del package["images/1-tórax/IM0001.dcm"]
    package["new.txt"] = b""
    found = verdict(package)
    assert (found["altered"], found["missing"]) == (["LEEME.txt"], ["images/1-tórax/IM0001.dcm"])
    assert found["extra"] == ["new.txt"]


def test_a_changed_manifest_is_broken(package: dict[str, bytes], verdict: Callable[..., Any]) -> None:
    package["manifest.json"] = package["manifest.json"].replace(b'"R-1"', b'"R-2"')
    assert verdict(package) == {"seal": "broken"}


def test_another_signers_key_is_told_apart(package: dict[str, bytes], verdict: Callable[..., Any]) -> None:
    package["manifest.json.sig"] = sign(package["manifest.json"], Ed25519PrivateKey.generate())
    assert verdict(package) == {"seal": "other key"}
