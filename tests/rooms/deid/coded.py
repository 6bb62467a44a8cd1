"""Coded frames with tokens in every place that a decoder skips."""

import struct

import numpy as np


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def jpeg_ls(pixels, token):
    import jpeg_ls as coder

    plain = bytes(coder.encode_array(pixels))
    assert plain[:2] == b"\xff\xd8"
    extras = _segment(0xFE, token()) + _segment(0xE1, b"Exif\0\0" + token()) + _segment(0xED, b"Photoshop " + token())
    extras += _segment(0xE0, b"JFIF\0" + token()) + _segment(0xE8, token())
    return [plain[:2] + extras + plain[2:] + token()]


def jpeg2000(pixels, token):
    from openjpeg.utils import encode_array

    plain = encode_array(pixels, bits_stored=12, photometric_interpretation=2, codec_format=0)
    at = 4 + struct.unpack_from(">H", plain, 4)[0]  # behind SIZ
    extras = _segment(0x64, b"\0\1" + token()) + _segment(0x64, b"\0\0" + token())
    main = plain[:at] + extras + plain[at:]
    tile = main.index(b"\xff\x90")
    length = struct.unpack_from(">I", main, tile + 6)[0]
    inside = _segment(0x64, b"\0\1" + token())
    if length:
        main = main[: tile + 6] + struct.pack(">I", length + len(inside)) + main[tile + 10 :]
    main = main[: tile + 12] + inside + main[tile + 12 :]
    return [main + token()]


def rle(pixels, token):
    high, low = (pixels >> 8).astype(np.uint8).tobytes(), (pixels & 255).astype(np.uint8).tobytes()
    segments = []
    for plane in (high, low):
        packets = b"".join(bytes([len(plane[n : n + 128]) - 1]) + plane[n : n + 128] for n in range(0, len(plane), 128))
        rider = token()
        segments.append(packets + rider + b"\0" * (len(packets + rider) & 1))
    first = token()
    header = struct.pack("<16I", 2, 64, 64 + len(segments[0]), *[0] * 13)
    stuffed = bytearray(header)
    stuffed[12 + 4 : 12 + 4 + len(first)] = first
    return [bytes(stuffed) + b"".join(segments)]


def CODED():
    yield "JPEG-LS", "1.2.840.10008.1.2.4.80", jpeg_ls
    yield "JPEG 2000", "1.2.840.10008.1.2.4.90", jpeg2000
    yield "RLE", "1.2.840.10008.1.2.5", rle
