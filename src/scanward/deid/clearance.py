"""What the pixel engines have proven of one object, so that the header engine need not hold it for that."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Clearance:
    """Proven of the pixels: no face, no readable text; and whether they were changed for it."""

    face: bool = False
    text: bool = False
    defaced: bool = False
    redacted: bool = False
    cropped: bool = False
    reduced: bool = False
    reviewed: bool = False  # a person looked at it and lets it pass, be it a scout or a head

    @property
    def narrowed(self) -> bool:
        """Is less of the patient in it, or less fine, than in its source?"""
        return self.cropped or self.reduced

    @property
    def codes(self) -> tuple[str, ...]:
        """CID 7050: clean recognizable visual features, clean pixel data."""
        return ("113102",) * self.defaced + ("113101",) * self.redacted

    def marks(self, image_type: bytes) -> list[tuple[int, bytes, bytes]]:
        """What the object then says of itself (PS3.3 C.7.6.1.1.2, C.7.6.1.1.5; PS3.15 E.3.2), as tag, VR, value."""
        found: list[tuple[int, bytes, bytes]] = []
        if self.defaced or self.redacted or self.narrowed:
            rest = image_type.rstrip(b" \0").split(b"\\")[1:] or [b"SECONDARY"]
            found.append((0x00080008, b"CS", b"\\".join([b"DERIVED", *rest])))
            what = [b"face removed"] * self.defaced + [b"burned-in text removed"] * self.redacted
            what += [b"field of view cropped"] * self.cropped + [b"resolution reduced"] * self.reduced
            what += [b"not for diagnosis"] * self.narrowed
            found.append((0x00082111, b"ST", b"Scanward: " + b", ".join(what)))
        if self.text:
            found.append((0x00280301, b"CS", b"NO"))
        if self.face:
            found.append((0x00280302, b"CS", b"NO"))
        return found


NOTHING: Final = Clearance()
