"""One object: its header rewritten element by element, its pixels left to the kernel to copy.

Nothing of pydicom is used: the header is cut into elements, each is looked up or treated once (`scope`),
and the output is their concatenation. The pixels of an uncompressed image are only an offset and a length.
"""

import re
import struct
import zlib
from bisect import bisect_left
from collections import OrderedDict
from dataclasses import dataclass
from mmap import mmap
from operator import ge
from typing import Final

from scanward.deid import held, image
from scanward.deid.actions import Action, action
from scanward.deid.clearance import NOTHING, Clearance
from scanward.deid.header import CLASS, INSTANCE, SERIES, STUDY, Header, HeaderReader, NeedMore
from scanward.deid.image import Pixels
from scanward.deid.iod import IOD_OF_CLASS
from scanward.deid.keyed import Project
from scanward.deid.marks import file_meta, own_elements
from scanward.deid.profiles import Dates, Option, Profile
from scanward.deid.scope import Remembered, Scope, Step
from scanward.deid.sweep import Known, gather, known_values
from scanward.deid.text import codec_of
from scanward.dicom import source
from scanward.dicom.dictionary import ELEMENTS
from scanward.dicom.errors import RefusalReason, Refused
from scanward.dicom.limits import DEFAULT, Limits
from scanward.dicom.uids import DICOMDIR_CLASS
from scanward.dicom.walk import PIXEL_DATA, SHORT_VRS, Buffer, Encoding, Head, head, inflate, name

_UID: Final = re.compile(rb"\d+(?:\.\d+)+")  # leading zeros are wrong, but real, and go with the new UID


@dataclass(slots=True)
class Cleaned:
    """An object's output: bytes before the pixels, the pixels (a part of the source, or bytes), bytes after."""

    before: bytes
    pixels: tuple[int, int]  # offset and length in the source; (0, 0) for none
    after: bytes
    uid: str
    study: str
    series: str
    patient: str
    removed: int = 0  # elements that always go, counted only
    scope: Scope | None = None

    @property
    def path(self) -> str:
        """Where it goes in the output tree: new identifiers only."""
        return f"{self.patient}/{self.study}/{self.series}/{self.uid}.dcm"

    def assemble(self, source: Buffer) -> bytes:
        """The whole output file."""
        offset, length = self.pixels
        return self.before + bytes(source[offset : offset + length]) + self.after


@dataclass(frozen=True)
class Permissions:
    """What would be held but may pass, each with its reason (an authorization, an expert's determination)."""

    faces: str = ""
    scouts: str = ""
    features: str = ""


class Deidentifier:
    """Rewrites objects of one project under one profile. One for each worker; not shared between threads."""

    def __init__(
        self,
        profile: Profile,
        project: Project,
        *,
        limits: Limits = DEFAULT,
        permissions: Permissions | None = None,
        also_known: Known | None = None,
    ) -> None:
        self.profile, self.project, self.limits = profile, project, limits
        self.permissions = permissions or Permissions()
        self.blind: held.HeldReason | None = None  # why nobody looked at the pixels, although somebody should
        self.cleared = NOTHING  # what the pixel engines say of the next object
        self.also_known = also_known or Known()
        self._scopes: OrderedDict[tuple[bytes, bytes, str, Encoding, str], Scope] = OrderedDict()
        self._gone: set[int] = set()
        self._reader = HeaderReader(limits, self._gone)
        self._verdicts: dict[tuple[str | Clearance | bytes | None, ...], held.HeldReason | None] = {}
        self._ours: dict[tuple[Encoding, bool, tuple[str, ...]], list[tuple[int, bytes]]] = {}
        self._entries: list[Remembered] = []
        self._keeps_private = Option.SAFE_PRIVATE in profile.options

    def used_entries(self) -> list[Remembered]:
        """Everything treated since the last call, with how often it was used; for counting."""
        entries, self._entries = self._entries, []
        kept = [entry for scope in self._scopes.values() for entry in scope.memory.values() if entry.hits]
        return list({id(entry): entry for entry in [*entries, *kept]}.values())

    def clean(self, data: bytes | mmap, size: int | None = None, trace: list[Step] | None = None) -> Cleaned:
        """The output of one file. `data` may hold only its beginning when `size` tells its true size.

        Raises: Refused, Held, NeedMore
        """
        size = len(data) if size is None else size
        if size > self.limits.max_file:
            raise Refused(RefusalReason.TOO_LARGE)
        try:
            marked = data[128:134] == b"DICM\x02\x00"
            about = head(data) if marked else source.head(data, self.limits)  # without file meta information too
        except struct.error as short:
            raise Refused(RefusalReason.TRUNCATED) from short
        if about.deflated:
            return self._deflated(data, size, about, trace)
        return self._object(data, about.start, size, about, trace)

    def _deflated(self, data: bytes | mmap, size: int, about: Head, trace: list[Step] | None) -> Cleaned:
        if len(data) < size:
            raise NeedMore
        body = bytes(inflate(bytes(data[about.start :]), self.limits))
        done = self._object(body, 0, len(body), about, trace)
        packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
        meta_end = 132 + 12 + int.from_bytes(done.before[140:144], "little")
        offset, length = done.pixels
        plain = done.before[meta_end:] + body[offset : offset + length] + done.after
        packed = packer.compress(plain) + packer.flush()
        done.before, done.pixels = done.before[:meta_end] + packed + b"\0" * (len(packed) & 1), (0, 0)
        done.after = b""
        return done

    def _object(self, data: bytes | mmap, start: int, size: int, about: Head, trace: list[Step] | None) -> Cleaned:
        gone = self._gone if trace is None else frozenset[int]()
        header = self._reader.read(data, start, size, about, gone)
        first = header.first
        sop_class = first.get(CLASS, b"").rstrip(b"\0 ").decode("latin-1")
        if DICOMDIR_CLASS in (sop_class, about.meta.get(0x00020002, b"").rstrip(b"\0 ").decode("latin-1")):
            raise Refused(RefusalReason.DICOMDIR)  # it has no SOPClassUID of its own
        self._check(first, sop_class)
        self._judge(header, sop_class, about)
        scope = self._scope(header, sop_class, about.encoding)
        scope.begin()
        scope.trace = trace
        uids = [self._new_uid(first[tag], scope) for tag in (INSTANCE, STUDY, SERIES)]
        done = Cleaned(b"", (0, 0), b"", uids[0], uids[1], uids[2], scope.token, scope=scope)
        tags, parts = self._elements(header, scope, done)
        pixels = Pixels(b"", (0, 0), b"")
        if header.pixels and about.encapsulated:
            pixels = image.compressed(data, header, about, size=size, known=scope.known, limits=self.limits)
        elif header.pixels:
            pixels = image.uncompressed(data, header, about.encoding, redacted=self.cleared.redacted)
        else:
            image.check_floats(header, sop_class, about.encoding)
        for tag, encoded in self._own_elements(scope, burned_in=bool(pixels.before) and 0x00280301 not in first):
            at = bisect_left(tags, tag)
            tags.insert(at, tag)
            parts.insert(at, encoded)
        for tag, vr, value in self.cleared.marks(first.get(held.IMAGE_TYPE, b"")):
            at = bisect_left(tags, tag)
            there = at < len(tags) and tags[at] == tag
            tags[at : at + there], parts[at : at + there] = [tag], [scope.encode(tag, vr, value)]
        cut = bisect_left(tags, PIXEL_DATA)
        meta = file_meta(sop_class, uids[0], about.transfer_syntax)
        done.before = b"".join([meta, *parts[:cut], pixels.before])
        done.pixels, done.after = pixels.source, pixels.after + b"".join(parts[cut:])
        return done

    def _check(self, first: dict[int, bytes], sop_class: str) -> None:
        """The identifiers that every object needs."""
        if not sop_class:
            raise Refused(RefusalReason.MISSING_ELEMENT, "(0008,0016) SOPClassUID")
        for tag in (INSTANCE, STUDY, SERIES):
            if tag not in first:
                raise Refused(RefusalReason.MISSING_ELEMENT, f"{name(tag)} {ELEMENTS[tag][1]}")
            uid = first[tag].rstrip(b"\0 ")
            if len(uid) > 64 or not _UID.fullmatch(uid):
                raise Refused(RefusalReason.BAD_UID, f"{name(tag)} {ELEMENTS[tag][1]}")

    def _judge(self, header: Header, sop_class: str, about: Head) -> None:
        first = header.first
        key = (self.cleared, sop_class, about.transfer_syntax, *map(first.get, held.WANTED))
        if key not in self._verdicts:
            texts = {tag: first[tag].decode("utf-8", "replace").strip(" \0") for tag in held.WANTED if tag in first}
            if len(self._verdicts) > 1000:
                self._verdicts.clear()
            self._verdicts[key] = held.judge(
                sop_class,
                about.transfer_syntax,
                texts,
                faces=bool(self.permissions.faces) or self.cleared.face or self.cleared.reviewed,
                scouts=bool(self.permissions.scouts) or self.cleared.reviewed,
                text=self.cleared.text,
            )
        reason = self._verdicts[key]
        if reason is not None:
            raise held.Held(reason)
        if self.blind and header.pixels is not None:
            raise held.Held(self.blind)
        if (self.cleared.defaced or self.cleared.redacted) and Option.UIDS in self.profile.options:
            raise held.Held(held.HeldReason.SAME_UID)

    def _scope(self, header: Header, sop_class: str, encoding: Encoding) -> Scope:
        """The scope of this patient's values, this class and this encoding."""
        first = header.first
        telling = b"".join([raw for _, raw in header.telling])
        iod = IOD_OF_CLASS.get(sop_class)
        characters = first.get(0x00080005, b"")
        patient = _patient(first)
        key = (telling, characters, sop_class, encoding, patient)
        scope = self._scopes.get(key)
        if scope is None:
            codec = codec_of(characters)
            known = self.also_known | self._known(header.telling, encoding, codec)
            scope = Scope(self.profile, self.project, known, encoding, codec, iod, patient, self.limits)
            self._scopes[key] = scope
            if len(self._scopes) > 8:
                self._scopes.popitem(last=False)
        return scope

    def _known(self, telling: list[tuple[int, bytes]], encoding: Encoding, codec: str) -> Known:
        values = []
        for tag, raw in telling:
            if action(tag, self.profile) not in (Action.KEEP, Action.CHECK):
                values += list(gather(raw, 0, len(raw), encoding, codec))
        return known_values(values, dates_stay=self.profile.dates is Dates.KEPT)

    def _elements(self, header: Header, scope: Scope, done: Cleaned) -> tuple[list[int], list[bytes]]:
        """The outputs of all elements but the pixels, in the order of their tags."""
        tags, creators = header.tags, dict[int, bytes]()
        done.removed = header.removed
        if scope.trace is None:
            parts = []
            for tag, raw, entry in zip(tags, header.raws, map(scope.memory.get, header.raws), strict=True):
                if entry is None:
                    parts.append(self._new_element(tag, raw, scope, creators))
                else:
                    entry.hits += 1
                    parts.append(entry.out)
        else:
            pairs = zip(tags, header.raws, strict=True)
            parts = [self._new_element(tag, raw, scope, creators) for tag, raw in pairs]
        if any(map(ge, tags, tags[1:])):  # out of order, or twice: sorted, and the first of each stays
            unique = dict(reversed([(tag, part) for tag, part in zip(tags, parts, strict=True) if part]))
            tags = sorted(unique)
            parts = [unique[tag] for tag in tags]
        return tags, parts

    def _new_element(self, tag: int, raw: bytes, scope: Scope, creators: dict[int, bytes]) -> bytes:
        """The output of an element that this scope has not met yet."""
        vr, at = b"", 8
        if scope.encoding.explicit:
            vr = raw[4:6]
            at = 8 if vr in SHORT_VRS else 12
        if tag >> 16 & 1 and self._keeps_private:
            return scope.private(tag, vr, raw[at:], creators, scope.encoding)
        if action(tag, self.profile) is Action.REMOVE:
            self._gone.add(tag)
        entry = scope.top(raw, tag, vr, raw[at:])
        self._entries.append(entry)
        entry.hits += 1
        return entry.out

    def _own_elements(self, scope: Scope, *, burned_in: bool) -> list[tuple[int, bytes]]:
        """What the output says of itself, made once for all that say the same."""
        key = (scope.encoding, burned_in, self.cleared.codes)
        if key not in self._ours:
            self._ours[key] = own_elements(scope, self.profile, self.cleared.codes, burned_in=burned_in)
        return self._ours[key]

    def _new_uid(self, value: bytes, scope: Scope) -> str:
        """As the element itself is treated: kept by that option, unless it is made of the patient's own numbers."""
        original = value.rstrip(b"\0 ")
        kept = Option.UIDS in self.profile.options and not scope.known.of_people.in_text(original.decode("latin-1"))
        return original.decode() if kept else self.project.uid(original)


def _patient(first: dict[int, bytes]) -> str:
    """What tells patients apart: the PatientID, or else name and birth date, or else the study."""
    for tags in ((0x00100020,), (0x00100010, 0x00100030), (STUDY,)):
        text = "|".join(first.get(tag, b"").decode("utf-8", "replace").strip(" \0") for tag in tags)
        if text.strip("|"):
            return text
    return ""
