"""What comes in is collected and hashed in one pass, in memory or in a nameless file."""

import hashlib
import os
import zlib

import pytest

from scanward.intake.dimse.incoming import IN_MEMORY, STEP, Incoming


@pytest.mark.parametrize("size", [0, 1, STEP - 1, STEP, 5 * STEP + 7, IN_MEMORY, IN_MEMORY + STEP + 1])
@pytest.mark.parametrize("step", [16_378, STEP, IN_MEMORY])
def test_the_digest_is_of_everything_that_came(tmp_path, size, step):
    data = os.urandom(size)
    with Incoming(1 << 30, tmp_path, b"head") as incoming:
        for start in range(0, size, step):
            incoming.write(memoryview(data)[start : start + step])
        found, whole = incoming.digest(), b"head" + data
        assert bytes(incoming.bytes()) == whole
        assert (found.sha256, found.crc32) == (hashlib.sha256(whole).digest(), zlib.crc32(whole))
        assert found.size == incoming.size == len(whole)
