"""How much of an untrusted file is read before it is refused; one bad input costs at most 64 MB and 5 s."""

from dataclasses import dataclass

KIB = 1 << 10
MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds for one file. Real CT stays far below all of them; a site may widen them for odd sources."""

    max_depth: int = 64  # sequences inside sequences; real objects stay below 12
    max_elements: int = 150_000  # over all levels; an enhanced CT of 2,000 frames has about 120,000
    max_file: int = 4 << 30  # bytes as received
    max_inflated: int = 28 * MIB  # bytes out of the Deflated transfer syntax, held in memory
    max_ratio: int = 250  # inflated : deflated, looked at only above `ratio_floor`
    ratio_floor: int = 4 * MIB  # an all-air slice deflates 1000:1 and is harmless
    max_seconds: float = 4.0  # wall clock for walking one file
    inline_binary: int = 1 * KIB  # larger binary values are told by length only in DICOM JSON
    max_json_text: int = 64 * KIB  # one text value kept in DICOM JSON
    max_json_numbers: int = 16 * KIB  # one value of many numbers kept in DICOM JSON
    max_json: int = 40 * MIB  # the DICOM JSON model as Python objects, estimated
    max_frames: int = 100_000
    max_fragments: int = 200_000
    max_frame_bytes: int = 256 * MIB  # one decoded frame
    decode_seconds: float = 5.0  # wall clock for one compressed frame
    decode_memory: int = 48 * MIB  # address space of the decoder child for one frame, ...
    decode_memory_factor: int = 8  # ... and as many times the size of the frame


DEFAULT = Limits()
