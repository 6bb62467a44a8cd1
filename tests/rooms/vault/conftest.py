"""A vault on a folder, and the same on a real S3 server (rclone on loopback)."""

import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ports import free_port
from scanward.vault import FolderStorage, Keyring, MasterKey, NewObject, S3Storage, Storage, Stored, Vault


@pytest.fixture
def master() -> MasterKey:
    return MasterKey(secrets.token_bytes(32))


@pytest.fixture(scope="session")
def s3_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real S3 server; its buckets are folders."""
    folder = tmp_path_factory.mktemp("s3")
    port = free_port()
    rclone = Path(sys.executable).parent / "rclone"
    (folder / "empty.conf").touch()
    (folder / "scans").mkdir()
    command = [
        str(rclone),
        "serve",
        "s3",
        str(folder),
        "--addr",
        f"127.0.0.1:{port}",
        "--auth-key",
        "scanward,verysecret",
    ]
    server = subprocess.Popen([*command, "--config", str(folder / "empty.conf")], stderr=subprocess.DEVNULL)
    _wait_for(port, server)
    yield f"http://127.0.0.1:{port}"
    server.terminate()
    server.wait()


def _wait_for(port: int, server: subprocess.Popen[bytes]) -> None:
    for _ in range(1200):  # its program is large, and may have to come from the disk first
        assert server.poll() is None, "rclone did not start"
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise AssertionError("rclone does not listen")


@pytest.fixture
def bucket(s3_server: str) -> Callable[[], S3Storage]:
    """Each call connects anew to one prefix of the bucket."""
    place = {"endpoint": s3_server, "prefix": secrets.token_hex(4)}
    return lambda: S3Storage.connect("scans", access_key="scanward", secret_key="verysecret", **place)


@pytest.fixture(params=["folder", "s3"])
def connect(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Storage]:
    """Connect to one storage as if from another process; on both backends."""
    if request.param == "s3":
        found: Callable[[], Storage] = request.getfixturevalue("bucket")
        return found
    return lambda: FolderStorage(tmp_path / "vault")


@pytest.fixture
def anywhere(connect: Callable[[], Storage], master: MasterKey) -> Iterator[Vault]:
    """A vault on each backend."""
    with Vault(connect(), Keyring(master)) as vault:
        yield vault


@pytest.fixture
def vault(tmp_path: Path, master: MasterKey) -> Iterator[Vault]:
    """A vault in a folder."""
    with Vault(FolderStorage(tmp_path / "vault"), Keyring(master)) as vault:
        yield vault


Put = Callable[..., Stored]


@pytest.fixture
def put(vault: Vault) -> Put:
    """Put one object into the folder vault."""

    def keep(data: bytes, identity: str = "1.2.3", key_id: str | None = None, note: bytes = b"{}") -> Stored:
        return vault.put([NewObject(key_id or vault.new_key(), identity, [data], note)])[0]

    return keep
