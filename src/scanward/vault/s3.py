"""Storage in an S3 bucket, where objects can't grow: each group commit becomes one, complete or absent."""

import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from urllib.parse import urlsplit

import obstore
from obstore.exceptions import BaseError, GenericError, PermissionDeniedError, UnauthenticatedError
from obstore.store import S3Store

from scanward.vault.errors import Reason, VaultError
from scanward.vault.ranged import ranged_get
from scanward.vault.storage import Buffer, Part

_PIECE = 5 << 20  # the smallest piece of a multipart upload that S3 takes
_FULL = 16 << 20
_SECONDS = 60.0
_LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class S3Storage:
    """A vault in a bucket. The bucket must not keep old versions of `keys/`, or erasure would not erase."""

    whole_parts = True
    key_seconds = 10.0

    def __init__(self, store: S3Store) -> None:
        self._store = store
        self._unusual = False  # set when the server answers ranges as ranged.py tells

    @classmethod
    def connect(
        cls,
        bucket: str,
        *,
        endpoint: str,
        access_key: str,
        secret_key: str,
        region: str = "us-east-1",
        prefix: str = "",
    ) -> "S3Storage":
        """Connect over TLS; plain HTTP is taken only on loopback. Raises: VaultError."""
        address = urlsplit(endpoint)
        plain = address.scheme != "https"
        if plain and address.hostname not in _LOOPBACK:
            raise VaultError(Reason.UNAVAILABLE, "The S3 endpoint must be https:// unless it is on this machine.")
        store = S3Store(
            bucket,
            prefix=prefix or None,
            endpoint=endpoint,
            access_key_id=access_key,
            secret_access_key=secret_key,
            region=region,
            virtual_hosted_style_request=False,
            client_options={"allow_http": plain, "timeout": timedelta(seconds=_SECONDS)},
            retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=30)},
        )
        return cls(store)

    # Small objects

    def put(self, name: str, data: bytes) -> None:
        """Write with one PUT, which S3 makes atomic and durable."""
        with _explained():
            obstore.put(self._store, name, data, use_multipart=False)

    def get(self, name: str) -> bytes:
        """Read with one GET."""
        with _explained():
            return bytes(obstore.get(self._store, name).bytes())

    def has(self, name: str) -> bool:
        """Ask with HEAD."""
        try:
            with _explained():
                obstore.head(self._store, name)
        except VaultError as error:
            if error.reason is Reason.NOT_FOUND:
                return False
            raise
        return True

    def delete(self, name: str) -> None:
        """Delete; absent is fine."""
        if self.has(name):
            with _explained():
                obstore.delete(self._store, name)

    def names(self, prefix: str) -> Iterator[str]:
        """List below a prefix."""
        return (name for name, _ in self._list(prefix))

    # Streams

    def parts(self) -> list[Part]:
        """List all parts."""
        found = ([*name.split("/"), str(size)] for name, size in self._list("packs/"))
        return sorted(Part(stream, int(number, 16), int(size)) for _, stream, number, size in found)

    def read(self, part: Part, offset: int, length: int) -> Buffer:
        """Read a range with one GET."""
        wanted = min(length, part.length - offset) if part.length else length
        if wanted <= 0:
            return b""
        name = _name(part.stream, part.number)
        with _explained():
            if self._unusual:
                return ranged_get(self._store, name, offset, wanted, _SECONDS)
            try:
                return bytes(obstore.get_range(self._store, name, start=offset, length=wanted))
            except GenericError as error:
                if "non-partial response" not in str(error):
                    raise
                self._unusual = True
        return self.read(part, offset, length)

    def settle(self, part: Part) -> None:
        """Nothing: what can be read is durable."""

    def claim(self, *, bulk: bool = False) -> "S3Tail":
        """Begin a stream with a name nobody else can have drawn."""
        stream = secrets.token_hex(8)
        return _BulkTail(self._store, stream) if bulk else S3Tail(self._store, stream)

    def idle(self) -> Iterator["S3Tail"]:
        """Yield nothing: no part is ever torn."""
        return iter(())

    def held(self, stream: str) -> bool:
        """Say no: what is listed is complete."""
        del stream
        return False

    def sweep(self) -> int:
        """Do nothing: unfinished uploads are invisible (a lifecycle rule should abort them)."""
        return 0

    def forget(self) -> None:
        """Do nothing: connections are made anew."""

    def _list(self, prefix: str) -> Iterator[tuple[str, int]]:
        with _explained():
            for batch in obstore.list(self._store, prefix.rstrip("/")):
                for meta in batch:
                    yield meta["path"], meta["size"]


class S3Tail:
    """Collects what writers add until one of them seals it; that becomes one object."""

    broken = False
    durable = 0

    def __init__(self, store: S3Store, stream: str) -> None:
        self._store, self.stream = store, stream
        self.part, self.length = 0, 0
        self.previous: int | None = None
        self._uploaded: int | None = None
        self._pending: list[Buffer] = []

    @property
    def full(self) -> bool:
        """Tell that enough waits in memory to be uploaded now."""
        return self.length >= _FULL

    def room(self, length: int) -> None:
        """Always room."""

    def write(self, buffers: Sequence[Buffer]) -> None:
        """Keep the buffers for the next upload."""
        self._pending += buffers
        self.length += sum(map(len, buffers))

    def amend(self, offset: int, header: bytes) -> None:
        """Nothing: a part's length tells the size of a record that fills it."""

    def seal(self) -> Callable[[], None]:
        """Return the upload of all that waits."""
        number, pending = self.part, self._pending
        self._begin(number)

        def upload() -> None:
            with _explained():
                obstore.put(self._store, _name(self.stream, number), b"".join(pending), use_multipart=False)
            self._uploaded = number

        return upload

    def abandon(self) -> None:
        """Forget what waits; the number of a failed upload, which may yet arrive, is never used again."""
        self._begin(self.part)
        self.previous = self._uploaded

    def resume(self, length: int, *, fresh: bool) -> None:
        """Nothing: every stream is new."""

    def close(self, marker: bytes = b"") -> None:
        """Forget what waits."""
        del marker
        self._pending = []

    def _begin(self, previous: int) -> None:
        self.previous, self.part = previous, previous + 1
        self._pending, self.length = [], 0


class _BulkTail(S3Tail):
    """One large object, uploaded in pieces while it is written."""

    def __init__(self, store: S3Store, stream: str) -> None:
        super().__init__(store, stream)
        self._writer = obstore.open_writer(store, _name(stream, 0), buffer_size=_PIECE, max_concurrency=1)

    def write(self, buffers: Sequence[Buffer]) -> None:
        """Upload as the pieces fill."""
        with _explained():
            for buffer in buffers:
                self._writer.write(buffer)
                self.length += len(buffer)

    def seal(self) -> Callable[[], None]:
        """Return the call that completes the upload."""

        def complete() -> None:
            with _explained():
                self._writer.close()

        return complete


def _name(stream: str, number: int) -> str:
    return f"packs/{stream}/{number:08x}"


@contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError:
        raise VaultError(Reason.NOT_FOUND, "The vault holds no such object.") from None
    except (PermissionDeniedError, UnauthenticatedError) as error:
        raise VaultError(
            Reason.READ_ONLY,
            "The bucket refuses the vault's credentials. Check them and the bucket's policy.",
        ) from error
    except (BaseError, OSError) as error:
        raise VaultError(
            Reason.UNAVAILABLE,
            "The S3 server does not answer as it should. Check the endpoint and try again.",
        ) from error
