"""From a source to a destination: each file written whole or not at all, in an order that doesn't matter.

The output's name follows from its content, so a killed run is simply started again: what is there is not
done twice.
"""

import hashlib
import json
import mmap
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from scanward.deid.actions import OURS, Action
from scanward.deid.field import Field
from scanward.deid.header import NeedMore
from scanward.deid.held import Held, HeldReason
from scanward.deid.keyed import Project
from scanward.deid.profiles import Profile
from scanward.deid.rewrite import Cleaned, Deidentifier, Permissions
from scanward.deid.sources import Source
from scanward.deid.stages import Busy, busy_in
from scanward.deid.sweep import known_values
from scanward.dicom.errors import RefusalReason, Refused
from scanward.dicom.walk import Buffer, name

_FIRST_LOOK: Final = 1 << 14
_LONGEST_LOOK: Final = 1 << 18
_BUFFER: Final = 1 << 20


@dataclass(frozen=True)
class Job:
    """What a worker needs to know."""

    profile: Profile
    project: Project
    destination: str
    held: str = ""  # folder for what is held; "" leaves it at its source
    permissions: Permissions = field(default_factory=Permissions)
    hashes: bool = False
    alone: bool = False  # no other process writes to the destination
    deface: bool = False
    text: bool = False
    thorough_faces: bool = False  # every volume is taken for a head
    thorough_text: bool = False  # every picture is read as a whole
    wanted: Field = field(default_factory=Field)  # which part of the patient may leave, and how fine
    also_known: tuple[str, ...] = ()  # more values that may not stay, beside those that the files tell
    watch: bool = False  # hand the original values over for the independent check
    shown: bool = False  # somebody waits and wants to see what the workers are busy with

    @property
    def looks(self) -> bool:
        """Does it ask for anything that needs the pixels?"""
        return self.deface or self.text or self.wanted.asked

    def looking(self, faces: str, text: str) -> "Job":
        """The same with `auto` (where a face or text can be), `on` (everywhere) or `off` for each."""
        looked = replace(self, deface=faces != "off", text=text != "off")
        return replace(looked, thorough_faces=faces == "on", thorough_text=text == "on")

    def looked(self) -> dict[str, str]:
        """How it looks for faces and text, in the words of `looking`."""
        words = {(False, False): "off", (True, False): "auto", (True, True): "on"}
        return {
            "faces": words[self.deface, self.thorough_faces and self.deface],
            "text": words[self.text, self.thorough_text and self.text],
        }


@dataclass
class Written:
    """One output file."""

    path: str
    size: int
    source: str  # keyed token of the source's name
    sha256: str = ""
    source_sha256: str = ""
    group: int = -1  # which original values it is searched for
    already: bool = False


@dataclass
class NotWritten:
    """One file that was held or refused. `name` stays with the site and is never part of the evidence."""

    source: str
    name: str
    reason: str
    sentence: str
    element: str
    held: bool


@dataclass
class Result:
    """What became of a batch."""

    written: list[Written] = field(default_factory=list)
    not_written: list[NotWritten] = field(default_factory=list)
    actions: Counter[str] = field(default_factory=Counter)
    originals: list[tuple[bytes, ...]] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)  # pseudonym -> identity, only for a linking table
    bytes_in: int = 0
    left_out: int = 0  # files outside the field that was asked, or averaged into another one
    pixels: list[dict[str, Any]] = field(default_factory=list)  # figures of the pixel engines, by series

    def add(self, other: "Result") -> None:
        """Take in another batch."""
        shift = len(self.originals)
        for one in other.written:
            one.group += shift if one.group >= 0 else 0
        self.written += other.written
        self.not_written += other.not_written
        self.actions.update(other.actions)
        self.originals += other.originals
        self.links.update(other.links)
        self.bytes_in += other.bytes_in
        self.left_out += other.left_out
        self.pixels += other.pixels


def engine_of(job: Job) -> Deidentifier:
    """The engine that a job asks for."""
    known = known_values((0, "LO", value) for value in job.also_known)
    return Deidentifier(job.profile, job.project, permissions=job.permissions, also_known=known)


class Worker:
    """De-identifies files, one after the other."""

    def __init__(self, job: Job) -> None:
        self.job = job
        self.engine = engine_of(job)
        self.destination = job.destination.rstrip("/")
        self._there: dict[str, set[str]] = {}  # what each folder holds, as far as only this process writes to it
        self._look = _FIRST_LOOK
        self._buffer = memoryview(bytearray(_BUFFER))
        self._process = f"{os.getpid():x}{os.urandom(4).hex()}"
        self.busy = busy_in(self.destination, self._process) if job.shown else Busy()

    def batch(self, sources: list[Source]) -> Result:
        """De-identify a batch of files; a bad one never stops the others."""
        if self.job.looks:
            try:
                from scanward.deid.pixels.stage import through  # noqa: PLC0415  (heavy, and an extra)
            except ImportError:
                return self.headers(sources, blind=HeldReason.NO_ENGINE)
            return through(self, sources)
        return self.headers(sources)

    def headers(self, sources: list[Source], *, blind: HeldReason | None = None) -> Result:
        """De-identify the headers of a batch whose pixels are done; `blind` holds every image, for nobody looked."""
        self.engine.blind = blind
        result = Result()
        groups: dict[tuple[bytes, ...], int] = {}
        for source in sources:
            try:
                self._one(source, result, groups)
            except Held as held:
                self._not_written(result, source, held.reason, held.element)
                self._keep_held(source, held.reason)
            except Refused as refused:
                self._not_written(result, source, refused.reason, refused.element)
            except OSError as broken:
                if broken.errno in (28, 30, 122):  # no space, read-only, quota: nothing more can be written
                    raise
                self._not_written(result, source, RefusalReason.TRUNCATED, "the file")
        for entry in self.engine.used_entries():
            for action, count in entry.actions.items():
                result.actions[action] += count * entry.hits
            entry.hits = 0
        return result

    def token(self, source: Source) -> str:
        """The keyed name of a source: what the evidence may say of it."""
        return self.job.project.pseudonym(source.name, kind="source")

    def _one(self, source: Source, result: Result, groups: dict[tuple[bytes, ...], int]) -> None:
        result.bytes_in += source.size
        self.engine.cleared = source.cleared
        if source.entry:
            data = source.read_entry()
            self._write(self.engine.clean(data), data, None, source, result, groups=groups)
            return
        handle = os.open(source.path, os.O_RDONLY | os.O_NOFOLLOW)
        try:
            data = os.pread(handle, self._look, 0)
            try:
                done = self.engine.clean(data, source.size)
            except NeedMore:
                self._look = min(self._look * 2, _LONGEST_LOOK)
                with mmap.mmap(handle, 0, prot=mmap.PROT_READ) as whole:
                    self._write(self.engine.clean(whole), whole, handle, source, result, groups=groups)
                return
            self._write(done, data, handle, source, result, groups=groups)
        finally:
            os.close(handle)

    def _write(
        self,
        done: Cleaned,
        data: Buffer,
        handle: int | None,
        source: Source,
        result: Result,
        *,
        groups: dict[tuple[bytes, ...], int],
    ) -> None:
        path = f"{self.destination}/{done.path}"
        size = len(done.before) + done.pixels[1] + len(done.after)
        named = self.job.hashes or self.job.watch
        written = Written(done.path, size, self.token(source) if named else "")
        folder = path.rpartition("/")[0]
        if folder not in self._there:
            os.makedirs(folder, exist_ok=True)
            self._there[folder] = set(os.listdir(folder))
        partial = f"{folder}/.SW{self._process}.part"
        output = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        try:
            self._fill(output, handle, data, done)
        except BaseException:
            os.unlink(partial)
            raise
        finally:
            os.close(output)
        written.already = self._place(partial, path)
        if self.job.hashes:
            written.sha256, written.source_sha256 = _sha256(path), _sha256_of(source, data)
        if self.job.watch:
            scope = done.scope
            assert scope is not None
            values = scope.known.raw  # by these and not by the scope, whose place in memory another may take
            if values not in groups:
                groups[values] = len(result.originals)
                result.originals.append(values)
            written.group = groups[values]
        result.links.setdefault(done.patient, done.scope.patient if done.scope else "")
        result.actions[Action.REMOVE.value] += done.removed
        result.written.append(written)

    def _fill(self, output: int, source: int | None, data: Buffer, done: Cleaned) -> None:
        """Write an output: in one call when its pixels fit the buffer, as those of a slice do.

        Through a buffer that stays in the processor's cache, because the pixels begin elsewhere in the output than in
        the source: inside the kernel (copy_file_range, sendfile) each page would be put together from two, which
        costs more.
        """
        offset, length = done.pixels
        if source is None:
            _write_all(output, done.before + bytes(data[offset : offset + length]) + done.after)
            return
        waiting: list[bytes | memoryview] = [done.before]
        while length:
            part = self._buffer[: min(length, len(self._buffer))]
            read = os.preadv(source, [part], offset)
            if not read:
                raise Refused(RefusalReason.TRUNCATED, "(7FE0,0010) PixelData")
            offset, length = offset + read, length - read
            if length:
                _write_parts(output, [*waiting, part[:read]])
                waiting = []
            else:
                waiting.append(part[:read])
        _write_parts(output, [*waiting, done.after] if done.after else waiting)

    def _place(self, partial: str, path: str) -> bool:
        """Give the finished file its name, unless the same file is there already.

        Returns: True when it was there. Raises: Held when another object has the same identity.
        """
        folder, _, name = path.rpartition("/")
        there = self._there[folder]
        if not self.job.alone or name in there:
            return _place_beside_others(partial, path)
        os.rename(partial, path)
        there.add(name)
        return False

    def hold(self, result: Result, source: Source, reason: HeldReason) -> None:
        """Hold a source for what its pixels show."""
        self._not_written(result, source, reason, "(7FE0,0010) PixelData")
        self._keep_held(source, reason)

    def _not_written(self, result: Result, source: Source, reason: HeldReason | RefusalReason, element: str) -> None:
        held = isinstance(reason, HeldReason)
        token = self.token(source)
        result.not_written.append(NotWritten(token, source.name, reason.value, reason.sentence, element, held))

    def _keep_held(self, source: Source, reason: HeldReason) -> None:
        """A copy for the reviewer, under its reason and a token."""
        if not self.job.held:
            return
        folder = Path(self.job.held) / reason.value
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        token = self.token(source)
        target, partial = folder / f"{token}.dcm", folder / f".{token}.part"
        if source.entry:
            partial.write_bytes(source.read_entry())
        else:
            from shutil import copyfile  # noqa: PLC0415  (it loads every compressor, for the few that are held)

            copyfile(source.path, partial)
        partial.replace(target)


def serial(job: Job, batches: list[list[Source]]) -> Iterator[Result]:
    """One batch after the other, in this process."""
    worker = Worker(job)
    for batch in batches:
        yield worker.batch(batch)


def _place_beside_others(partial: str, path: str) -> bool:
    """The same when other workers may give a file the same name at this moment: a link never overwrites."""
    try:
        os.link(partial, path)
    except FileExistsError:
        same = _same(partial, path)
        os.unlink(partial)
        if not same:
            raise Held(HeldReason.CONFLICT, "(0008,0018) SOPInstanceUID") from None
        return True
    os.unlink(partial)
    return False


def _same(one: str, other: str) -> bool:
    with open(one, "rb") as a, open(other, "rb") as b:
        while True:
            left, right = a.read(1 << 20), b.read(1 << 20)
            if left != right:
                return False
            if not left:
                return True


def _write_parts(handle: int, parts: "list[bytes | memoryview]") -> None:
    done = os.writev(handle, parts)
    if done != sum(map(len, parts)):  # the disk is nearly full, or a signal came
        _write_all(handle, b"".join(parts)[done:])


def _write_all(handle: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(handle, view) :]


def _sha256(path: str) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _sha256_of(source: Source, data: Buffer) -> str:
    return hashlib.sha256(data).hexdigest() if source.entry else _sha256(source.path)


def sweep_partials(destination: Path) -> None:
    """Remove what a killed run left half-written."""
    for partial in destination.rglob(".SW*.part"):
        partial.unlink(missing_ok=True)


_WRITTEN_ANEW: Final = frozenset(map(name, OURS))


def masked(value: bytes | None, *, show: bool) -> str:
    """A value for a dry run: its length and kind only, unless asked."""
    if value is None:
        return "-"
    if show:
        text = value[:60].decode("latin-1").strip(" \0")
        return "".join(one if one.isprintable() else "?" for one in text)  # a terminal acts on some of the others
    return f"{len(value)} bytes" if value else "empty"


def explain(job: Job, source: Source, *, show: bool) -> Iterator[dict[str, Any]]:
    """What would happen to one file, element by element.

    Raises: Refused, Held
    """
    steps: list[Any] = []
    data = source.read_entry() if source.entry else Path(source.path).read_bytes()
    engine_of(job).clean(data, trace=steps)
    for step in steps:
        same = step.after is not None and step.before.strip(b" \0") == step.after.strip(b" \0") != b""
        yield {
            "element": step.path,
            "name": step.name,
            "vr": step.vr,
            "action": "written anew" if step.path in _WRITTEN_ANEW else step.action,
            "before": masked(step.before, show=show),
            "after": "unchanged" if same else masked(step.after, show=show),
        }


def to_json(result: Result) -> str:
    """The report for the site: it names sources, so it stays with the site."""
    return json.dumps(
        {
            "written": len(result.written),
            "already_there": sum(one.already for one in result.written),
            "held": sum(one.held for one in result.not_written),
            "refused": sum(not one.held for one in result.not_written),
            "left_out": result.left_out,
            "not_written": [vars(one) for one in result.not_written],
            "actions": dict(sorted(result.actions.items())),
            "bytes_in": result.bytes_in,
        },
        indent=1,
    )
