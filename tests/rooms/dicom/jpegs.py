"""JPEG codestreams for tests: lossless ones made here, lossy ones that dcmtk made of known pictures."""

import struct

import numpy as np


def lossless(values: np.ndarray, precision: int) -> bytes:
    """A JPEG of process 14, selection value 1 (T.81 annex H), with five bits for each Huffman code."""
    width = 1 << precision
    samples = values.astype(np.int64) & (width - 1)
    predicted = np.empty_like(samples)
    predicted[0, 0], predicted[0, 1:] = width >> 1, samples[0, :-1]
    predicted[1:, 0], predicted[1:, 1:] = samples[:-1, 0], samples[1:, :-1]
    differences = (samples - predicted + (1 << 15)) % (1 << 16) - (1 << 15)
    bits = "".join(map(_code, differences.reshape(-1).tolist()))
    bits += "1" * (-len(bits) % 8)
    scan = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    huffman = bytes((0, 0, 0, 0, 0, 17)) + bytes(11) + bytes(range(17))
    rows, columns = values.shape
    frame = struct.pack(">BHHB", precision, rows, columns, 1) + b"\1\x11\0"
    segments = ((0xC4, huffman), (0xC3, frame), (0xDA, b"\1\1\0\1\0\0"))
    head = b"".join(struct.pack(">BBH", 0xFF, code, len(body) + 2) + body for code, body in segments)
    return b"\xff\xd8" + head + scan + b"\xff\xd9"


def _code(difference: int) -> str:
    """Category and bits of one difference (T.81 H.1.2.2)."""
    if difference == -(1 << 15):
        return f"{16:05b}"
    size = abs(difference).bit_length()
    rest = difference if difference > 0 else difference + (1 << size) - 1
    return f"{size:05b}" + (f"{rest:0{size}b}" if size else "")


# A slope of 16 x 16 pixels from 0 to 240, in 8 bits (process 1).
EIGHT_BITS = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb00430002010101010102010101020202020204030202020205040403"
    "04060506060605060606070908060709070606080b08090a0a0a0a0a06080b0c0b0a0c090a0a0affc0000b08001000100101"
    "1100ffc4001500010100000000000000000000000000000900ffc40019100001050000000000000000000000000008002434"
    "4251ffda0008010100003f0037c6d1b63b0caa4006d1b63b0caa86d1b63b0caa4006d1b63b0caaffffd9"
)

# A slope of 16 x 16 pixels from 40 to 3910, in 12 bits (process 4).
TWELVE_BITS = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb00430001010101010101010101010101010102010101010102010101"
    "020202020202020202030304030303030302020304030304040404040203050504040504040404ffc1000b0c001000100101"
    "1100ffc4001500010100000000000000000000000000000e00ffc4001b10000104030000000000000000000000000c002838"
    "47566374ffda0008010100003f00386e3680da102584e355af369481006d01b4204b09c6ab5e6d2a1b406d0812c271aad79b"
    "4a40803680da102584e355af3695ffd9"
)

# Eight rows of (200, 30, 40), then eight of (20, 60, 220), as YBR_FULL_422.
COLOURS = bytes.fromhex(
    "ffd8ffe000104a46494600010100000100010000ffdb00430002010101010102010101020202020204030202020205040403"
    "04060506060605060606070908060709070606080b08090a0a0a0a0a06080b0c0b0a0c090a0a0affdb004301020202020202"
    "050303050a0706070a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"
    "0a0a0a0a0a0a0a0affc00011080010001003012100021101031101ffc4001600010101000000000000000000000000000007"
    "08ffc40014100100000000000000000000000000000000ffc4001501010100000000000000000000000000000907ffc40014"
    "110100000000000000000000000000000000ffda000c03010002110311003f00c8e23e5413f0de02b7ffffd9"
)

# 193 times the column and 61 times the row, 16 x 16 pixels in 12 bits: HTJ2K by OpenJPH, which has no Python encoder.
HIGH_THROUGHPUT = bytes.fromhex(
    "ff4fff5100294000000000100000001000000000000000000000001000000010000000000000000000010b0101ff50000800"
    "0200000007ff52000c00020001000104044001ff5c00072070707078ff64001600014f70656e4a50482056657220302e392e"
    "302eff90000a0000000000a10001ff93c0017b40ff5ff0fb7cc0fb0c64deff7d7edf3a03162aac979b171ee989fdd00336be"
    "d00b1e38913eeef94f9e62b7c20b7776256f70e2998eec451f4823aef5e6d5b6527c74a49a0c3dc63f6cd94e52601cb6ca70"
    "e77c70c88c8801c274079c20bd2188b8c402ca210051b201c00168400168008080808080808080e7ca7a7a71827800781cc7"
    "711cc7fd84207bf61081ecba00ffd9"
)
