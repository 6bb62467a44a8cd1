"""The child process in which foreign codecs run, one frame after another: `python -m scanward.dicom.decoder`.

It reads requests from the socket at its standard input and answers on it. Before each frame it limits its
own memory and processor time, so that a hostile codestream ends this process and nothing else. After any
failure it ends too: a codec that stumbled must not touch another patient's frame.
"""

import contextlib
import os
import socket
import struct
import sys
from typing import Any, Final, NamedTuple

from scanward.dicom.codestream import Kind, raw_jpeg_2000

REQUEST: Final = struct.Struct("<4sBHHBBB16sHQQ")
REPLY: Final = struct.Struct("<BBBQ")
MAGIC: Final = b"SWD1"
READY: Final = b"R"
KINDS: Final = tuple(Kind)
DONE, FAILED = 0, 1
_STUMBLES: Final = (
    ArithmeticError,
    AttributeError,
    LookupError,
    MemoryError,
    OSError,
    RuntimeError,
    SystemError,
    TypeError,
    ValueError,
)


class Request(NamedTuple):
    """One compressed frame to decode: its shape as declared and checked, and what it may cost."""

    kind: Kind
    rows: int
    columns: int
    samples: int
    bits_allocated: int
    precision: int
    photometric: str
    seconds: int  # of processor time
    memory: int  # address space beyond what is in use
    encoded: bytes

    def head(self) -> bytes:
        """The fixed part of the request on the wire."""
        return REQUEST.pack(
            MAGIC,
            KINDS.index(self.kind),
            self.rows,
            self.columns,
            self.samples,
            self.bits_allocated,
            self.precision,
            self.photometric.encode("ascii"),
            self.seconds,
            self.memory,
            len(self.encoded),
        )


class Decoded(NamedTuple):
    """Samples in little endian order, `container` bytes each, by pixel or (planar) by colour plane."""

    container: int
    planar: bool
    samples: bytes | bytearray


def decode(request: Request) -> Decoded:
    """Decode one frame in this very process, with the codec of its kind."""
    return _CODECS[request.kind](request)


def _jpeg(request: Request) -> Decoded:
    import gdcm  # noqa: PLC0415  (codecs are loaded only in the child)

    fragment, fragments = gdcm.Fragment(), gdcm.SequenceOfFragments.New()
    fragment.SetByteStringValue(request.encoded)
    fragments.AddFragment(fragment)
    element = gdcm.DataElement(gdcm.Tag(0x7FE0, 0x0010))
    element.SetValue(fragments.__ref__())
    picture = gdcm.Image()
    picture.SetNumberOfDimensions(2)
    picture.SetDimensions((request.columns, request.rows, 1))
    picture.SetDataElement(element)
    colours = gdcm.PhotometricInterpretation.GetPIType(request.photometric)
    picture.SetPhotometricInterpretation(gdcm.PhotometricInterpretation(colours))
    picture.SetTransferSyntax(gdcm.TransferSyntax(_gdcm_process(gdcm.TransferSyntax, request.encoded)))
    container = 1 if request.precision <= 8 else 2
    picture.SetPixelFormat(
        gdcm.PixelFormat(request.samples, 8 * container, request.precision, request.precision - 1, 0)
    )
    return Decoded(container, False, picture.GetBuffer().encode("utf-8", "surrogateescape"))


def _gdcm_process(names: Any, encoded: bytes) -> int:
    """GDCM's name for what the codestream is: lossless (SOF3), 12 bit or 8 bit."""
    before_scan = encoded[: encoded.find(b"\xff\xda")]
    if b"\xff\xc3" in before_scan:
        return int(names.JPEGLosslessProcess14)
    return int(names.JPEGBaselineProcess1 if b"\xff\xc0" in before_scan else names.JPEGExtendedProcess2_4)


def _jpeg_ls(request: Request) -> Decoded:
    import jpeg_ls  # noqa: PLC0415  (codecs are loaded only in the child)

    samples, told = jpeg_ls.decode_pixel_data(request.encoded)
    planar = told["components"] > 1 and told["interleave_mode"] == 0
    return Decoded(1 if told["bits_per_sample"] <= 8 else 2, planar, samples)


def _jpeg_2000(request: Request) -> Decoded:
    from openjpeg.utils import decode_pixel_data  # noqa: PLC0415  (codecs are loaded only in the child)

    samples = decode_pixel_data(raw_jpeg_2000(request.encoded), version=2)
    return Decoded({1: 1, 2: 2, 3: 4, 4: 4}[(request.precision + 7) // 8], False, bytes(samples))


def _rle(request: Request) -> Decoded:
    """PackBits segments, one for each byte of each sample, the most significant first (PS3.5 annex G)."""
    data, size, width = request.encoded, request.rows * request.columns, request.bits_allocated // 8
    count, *offsets = struct.unpack_from("<16I", data)
    if count != request.samples * width or not 1 <= count <= 15:
        raise ValueError
    bounds = [*offsets[:count], len(data)]
    if bounds[0] < 64 or bounds != sorted(bounds):
        raise ValueError
    out = bytearray(size * count)
    for segment in range(count):
        sample, place = divmod(segment, width)
        start = sample * size * width + width - 1 - place
        plane = unpack_bits(data[bounds[segment] : bounds[segment + 1]], size)
        out[start : (sample + 1) * size * width : width] = plane
    return Decoded(width, True, out)


def unpack_bits(data: bytes, size: int) -> bytes:
    """The first `size` bytes of a PackBits segment; never holds more than 128 beyond them.

    Raises: ValueError when there are fewer.
    """
    out = bytearray()
    at, end = 0, len(data)
    while at < end and len(out) < size:
        code = data[at]
        if code < 128:
            out += data[at + 1 : at + 2 + code]
            at += 2 + code
        elif code > 128:
            out += data[at + 1 : at + 2] * (257 - code)
            at += 2
        else:
            at += 1
    if len(out) < size:
        raise ValueError
    return bytes(out[:size])


_CODECS: Final = {Kind.JPEG: _jpeg, Kind.JPEG_LS: _jpeg_ls, Kind.JPEG_2000: _jpeg_2000, Kind.RLE: _rle}


def receive(channel: socket.socket, size: int) -> bytes:
    """Exactly `size` bytes.

    Raises: EOFError when the other side is gone.
    """
    buffer = bytearray(size)
    view, at = memoryview(buffer), 0
    while at < size:
        got = channel.recv_into(view[at:])
        if got == 0:
            raise EOFError
        at += got
    return bytes(buffer)


def _next(channel: socket.socket) -> Request:
    fields = REQUEST.unpack(receive(channel, REQUEST.size))
    magic, kind, rows, columns, samples, allocated, precision, colours, seconds, memory, length = fields
    if magic != MAGIC:
        raise EOFError
    photometric = colours.rstrip(b"\0").decode("ascii")
    encoded = receive(channel, length)
    return Request(KINDS[kind], rows, columns, samples, allocated, precision, photometric, seconds, memory, encoded)


def _confine() -> None:
    """No files, no children, no core dumps with a patient's pixels in them."""
    try:
        import resource  # noqa: PLC0415  (not on every system)
    except ImportError:
        return
    for what, most in (("CORE", 0), ("FSIZE", 0), ("NPROC", 0), ("NOFILE", 32)):
        limit = getattr(resource, f"RLIMIT_{what}", None)
        if limit is not None:
            with contextlib.suppress(ValueError, OSError):
                resource.setrlimit(limit, (most, most))


def _limit(request: Request) -> None:
    """From here on this much more memory and processor time, then the kernel says no."""
    try:
        import resource  # noqa: PLC0415  (not on every system)
    except ImportError:
        return
    used = resource.getrusage(resource.RUSAGE_SELF)
    most = int(used.ru_utime + used.ru_stime) + request.seconds + 1
    resource.setrlimit(resource.RLIMIT_CPU, (most, resource.getrlimit(resource.RLIMIT_CPU)[1]))
    if (space := _address_space()) is not None:
        hard = resource.getrlimit(resource.RLIMIT_AS)[1]
        resource.setrlimit(resource.RLIMIT_AS, (space + request.memory, hard))


def _address_space() -> int | None:
    """Bytes of address space in use, where the system tells."""
    try:
        with open("/proc/self/statm", encoding="ascii") as told:
            return int(told.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return None


def _warm_up() -> None:
    """Load the codecs before the limits come."""
    import gdcm  # noqa: F401, PLC0415  (loaded for its effect)
    import jpeg_ls  # noqa: F401, PLC0415
    import openjpeg  # noqa: F401, PLC0415


def serve(channel: socket.socket) -> None:
    """Answer requests until the other side hangs up or a frame fails."""
    _warm_up()
    _confine()
    channel.sendall(READY)
    while True:
        request = _next(channel)
        _limit(request)
        try:
            found = decode(request)
        except _STUMBLES:
            channel.sendall(REPLY.pack(FAILED, 0, 0, 0))
            return
        channel.sendall(REPLY.pack(DONE, found.container, found.planar, len(found.samples)))
        channel.sendall(found.samples)


def main() -> int:
    """Take the socket away from standard input, so that nothing a codec prints can reach it."""
    with socket.socket(fileno=os.dup(0)) as channel:
        nothing = os.open(os.devnull, os.O_RDWR)
        for standard in (0, 1, 2):
            os.dup2(nothing, standard)
        with contextlib.suppress(EOFError, ConnectionError):
            serve(channel)
    return 0


if __name__ == "__main__":
    sys.exit(main())
