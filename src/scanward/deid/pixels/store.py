"""New pixels put into a DICOM file in its own transfer syntax, without loss; everything else stays byte for byte."""

import struct
import zlib  # before GDCM, whose own zlib would otherwise take its place
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scanward.deid import codestream
from scanward.dicom import frames, read, walk
from scanward.dicom.errors import RefusalReason, Refused
from scanward.dicom.image import Image
from scanward.dicom.limits import DEFAULT, Limits
from scanward.dicom.pixels import gather
from scanward.dicom.read import Inspected

Pixels = NDArray[Any]
_RLE: Final = "1.2.840.10008.1.2.5"
# The lossless process that a syntax can hold. A lossy JPEG has none: such a file comes out uncompressed.
HOLDS: Final = {
    _RLE: "RLELossless",
    "1.2.840.10008.1.2.4.57": "JPEGLosslessProcess14",
    "1.2.840.10008.1.2.4.70": "JPEGLosslessProcess14_1",
    "1.2.840.10008.1.2.4.80": "JPEGLSLossless",
    "1.2.840.10008.1.2.4.81": "JPEGLSLossless",  # near-lossless with a bound of 0
    "1.2.840.10008.1.2.4.90": "JPEG2000Lossless",
    "1.2.840.10008.1.2.4.91": "JPEG2000Lossless",  # .91 may be reversible too (PS3.5 A.4.4)
}
_LITTLE: Final = "1.2.840.10008.1.2.1"


def replace(data: walk.Buffer, new: dict[int, Pixels], *, limits: Limits = DEFAULT) -> bytes:
    """The file with some frames replaced. `new` has, by frame (from 0), stored values as `frames.frame` gives them.

    Bits that held an overlay are cleared. Raises: Refused for a file that can't be read.
    """
    seen, content = read.open_(data, limits, forgiving=True)
    shape = seen.image
    if shape is None or seen.pixel is None:
        raise Refused(RefusalReason.PIXELS_MISSING)
    if seen.fragments:
        return _compressed(seen, shape, content, new, limits)
    body = bytearray(content)
    for index, pixels in new.items():
        _native(body, seen, shape, pixels, index)
    if not seen.deflated:
        return bytes(body)
    packer = zlib.compressobj(6, zlib.DEFLATED, -zlib.MAX_WBITS)
    packed = packer.compress(bytes(body)) + packer.flush()
    return bytes(data[: seen.dataset_offset]) + packed + b"\0" * (len(packed) & 1)


def stored(pixels: Pixels, shape: Image) -> Pixels:
    """Stored values as they stand in the file: shifted to their high bit, unused bits zero or the sign's."""
    if shape.floating or shape.bits_allocated < 8:
        return pixels
    shift = shape.high_bit + 1 - shape.bits_stored
    kind = "i" if shape.signed else "u"
    return (pixels.astype(f"<{kind}{shape.bits_allocated // 8}") << shift).astype(f"<{kind}{shape.bits_allocated // 8}")


def _native(body: bytearray, seen: Inspected, shape: Image, pixels: Pixels, index: int) -> None:
    assert seen.pixel is not None
    if shape.bits_allocated == 1 or shape.frame_bits % 8 or shape.photometric == "YBR_FULL_422":
        raise Refused(RefusalReason.UNDECODABLE, "(7FE0,0010) PixelData", "such pixels are not written")
    values = stored(pixels, shape)
    if shape.planar:
        values = values.transpose(2, 0, 1)
    big = seen.transfer_syntax_uid == walk.EXPLICIT_BIG
    raw = np.ascontiguousarray(values).astype(values.dtype.newbyteorder(">" if big else "<")).tobytes()
    if big and shape.bits_allocated == 8 and seen.pixel_vr == "OW":
        if len(raw) & 1:
            raise Refused(RefusalReason.UNDECODABLE, "(7FE0,0010) PixelData", "such pixels are not written")
        raw = np.frombuffer(raw, np.uint16).byteswap().tobytes()
    start = seen.pixel.offset + index * shape.frame_bits // 8
    body[start : start + len(raw)] = raw


def _compressed(seen: Inspected, shape: Image, content: walk.Buffer, new: dict[int, Pixels], limits: Limits) -> bytes:
    assert seen.pixel is not None
    start = seen.pixel.offset - 12
    _, end = codestream.fragments(content, seen.pixel.offset, len(content), limits)
    process = HOLDS.get(seen.transfer_syntax_uid)
    if process is None or (shape.samples > 1 and seen.transfer_syntax_uid != _RLE):
        return _uncompressed(seen, shape, content, new, (start, end))
    coded = [
        encoded(new[n], shape, process) if n in new else gather(content, parts)
        for n, parts in enumerate(seen.fragments)
    ]
    element = b"\xe0\x7f\x10\x00OB\0\0\xff\xff\xff\xff" + codestream.encapsulate(coded, with_table=shape.frames > 1)
    return _without_tables(bytes(content[:start]), seen) + element + bytes(content[end:])


def _without_tables(head: bytes, seen: Inspected) -> bytes:
    """Without the extended offset table, which no longer holds (it stands just before the pixels)."""
    spans = [span for tag, span in seen.tables.items() if tag >> 16 == 0x7FE0]
    return head[: min(span.offset for span in spans) - 12] if spans else head


def encoded(pixels: Pixels, shape: Image, process: str) -> bytes:
    """One frame as a codestream of a lossless process, by GDCM.

    Raises: Refused when it can't be.
    """
    import gdcm  # noqa: PLC0415  (heavy, and only for compressed files)

    values = np.ascontiguousarray(stored(pixels, shape))
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetByteStringValue(values.tobytes())
    picture = gdcm.Image()
    picture.SetNumberOfDimensions(2)
    picture.SetDimensions((shape.columns, shape.rows, 1))
    colours = "RGB" if shape.samples == 3 else "MONOCHROME2"
    picture.SetPhotometricInterpretation(
        gdcm.PhotometricInterpretation(gdcm.PhotometricInterpretation.GetPIType(colours))
    )
    picture.SetPixelFormat(
        gdcm.PixelFormat(
            shape.samples, shape.bits_allocated, shape.bits_stored, shape.bits_stored - 1, int(shape.signed)
        )
    )
    picture.SetTransferSyntax(gdcm.TransferSyntax(gdcm.TransferSyntax.ExplicitVRLittleEndian))
    picture.SetDataElement(element)
    change = gdcm.ImageChangeTransferSyntax()
    change.SetTransferSyntax(gdcm.TransferSyntax(getattr(gdcm.TransferSyntax, process)))
    picture.this.disown()  # `change` counts it as its own and frees it: Python would free it again
    change.SetInput(picture)
    if not change.Change():
        raise Refused(RefusalReason.UNDECODABLE, "(7FE0,0010) PixelData", "it can't be compressed again")
    fragments = change.GetOutput().GetDataElement().GetSequenceOfFragments()
    parts = [fragments.GetFragment(n).GetByteValue() for n in range(fragments.GetNumberOfFragments())]
    return b"".join(part.GetBuffer().encode("utf-8", "surrogateescape") for part in parts)


def _uncompressed(
    seen: Inspected, shape: Image, content: walk.Buffer, new: dict[int, Pixels], cut: tuple[int, int]
) -> bytes:
    """The whole file in Explicit VR Little Endian, for the lossy syntaxes that hold nothing lossless."""
    found = [
        stored(new[n] if n in new else frames.frame_of(seen, content, n).pixels, shape) for n in range(shape.frames)
    ]
    raw = b"".join(np.ascontiguousarray(f).tobytes() for f in found)
    raw += b"\0" * (len(raw) & 1)
    element = struct.pack("<HH2sHI", 0x7FE0, 0x0010, b"OB" if shape.bits_allocated == 8 else b"OW", 0, len(raw)) + raw
    head = _without_tables(bytes(content[: cut[0]]), seen)[seen.dataset_offset :]
    return _meta(seen, _LITTLE) + _plain_colours(head, shape) + element + bytes(content[cut[1] :])


def _plain_colours(head: bytes, shape: Image) -> bytes:
    """PhotometricInterpretation and PlanarConfiguration as decoded pixels have them."""
    if shape.samples == 1:
        return head
    old = b"\x28\x00\x04\x00CS"
    at = head.find(old)
    if at < 0:
        return head
    length = struct.unpack_from("<H", head, at + 6)[0]
    name = b"YBR_FULL" if shape.photometric.startswith("YBR_FULL") else b"RGB "
    head = head[:at] + old + struct.pack("<H", len(name)) + name + head[at + 8 + length :]
    planar = head.find(b"\x28\x00\x06\x00US\x02\x00", at)
    return head if planar < 0 else head[: planar + 8] + b"\0\0" + head[planar + 10 :]


def _meta(seen: Inspected, syntax: str) -> bytes:
    body = b"\x02\x00\x01\x00OB\0\0\x02\0\0\0\0\x01"
    for element, text in ((2, seen.sop_class_uid), (3, seen.sop_instance_uid), (0x10, syntax)):
        value = text.encode() + b"\0" * (len(text) & 1)
        body += struct.pack("<HH2sH", 2, element, b"UI", len(value)) + value
    return bytes(128) + b"DICM\x02\0\0\0UL\x04\0" + struct.pack("<I", len(body)) + body
