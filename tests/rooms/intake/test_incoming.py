"""What comes in is collected and hashed in one pass, in memory or in a nameless file."""

import hashlib
import os
import zlib

import pytest

from scanward.intake.dimse.incoming import IN_MEMORY, REUSED, STEP, Incoming, Room


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


def test_one_room_takes_object_after_object_and_mixes_none(tmp_path):
    """Longer, shorter, empty, in a file, and some that somebody still looks at: each is what came."""
    room, looked_at = Room(), []
    for size in (1000, 10, 0, 5000, STEP * 3, 700, REUSED + 1, 900, IN_MEMORY + 1, 800):
        whole = os.urandom(size)
        with Incoming(1 << 30, tmp_path, b"head", room) as incoming:
            for start in range(0, size, STEP):
                incoming.write(memoryview(whole)[start : start + STEP])
            seen = incoming.bytes()
            assert (bytes(seen), incoming.digest().sha256) == (
                b"head" + whole,
                hashlib.sha256(b"head" + whole).digest(),
            )
            if size in (10, 5000, 700):
                looked_at.append((seen, b"head" + whole))
            del seen
    assert all(bytes(seen) == whole for seen, whole in looked_at)


def test_a_room_keeps_memory_for_a_slice_and_no_more(tmp_path):
    room = Room()
    for size, kept in ((1000, True), (REUSED + 1, False), (IN_MEMORY + 1, False)):
        with Incoming(1 << 30, tmp_path, room=room) as incoming:
            incoming.write(memoryview(bytes(size)))
        assert (len(room.take()) > 0) is kept
