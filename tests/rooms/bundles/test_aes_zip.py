"""AES ZIP: what the format asks, and what it does not ask but safety does."""

import io
from datetime import datetime

import pytest
import pyzipper
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import given, settings
from hypothesis import strategies as st

from scanward.bundles.aes_zip import OVERHEAD, Aes256, CounterMode
from scanward.bundles.members import Member
from scanward.bundles.zip_stream import ZipStream

AT = datetime(2026, 11, 23, 5, 30)
SECRET, SEED = "40718-22963-05814-77120-93485", bytes(range(16))


def made(*contents: bytes, seed: bytes = SEED, secret: str = SECRET) -> bytes:
    members = [Member.of(f"{n}", content) for n, content in enumerate(contents)]
    return b"".join(ZipStream(members, at=AT, body=Aes256(secret, seed=seed)).iterate())


def slow_counter_mode(key: bytes, data: bytes) -> bytes:
    """The oracle: one block at a time, as the specification's text has it."""
    out = b""
    for block in range(0, len(data), 16):
        counter = (block // 16 + 1).to_bytes(16, "little")
        stream = Cipher(algorithms.AES(key), modes.ECB()).encryptor().update(counter)
        out += bytes(a ^ b for a, b in zip(data[block : block + 16], stream, strict=False))
    return out


@settings(deadline=None)
@given(st.lists(st.binary(max_size=70), max_size=6))
def test_the_batched_counter_mode_equals_the_slow_one_however_it_is_fed(pieces: list[bytes]) -> None:
    fast = CounterMode(bytes(range(32)))
    assert b"".join(map(fast.update, pieces)) == slow_counter_mode(bytes(range(32)), b"".join(pieces))


@settings(deadline=None, max_examples=25)
@given(st.lists(st.binary(max_size=100), min_size=1, max_size=4))
def test_pyzipper_reads_back_every_member(contents: list[bytes]) -> None:
    with pyzipper.AESZipFile(io.BytesIO(made(*contents))) as archive:
        archive.setpassword(SECRET.encode())
        assert [archive.read(name) for name in archive.namelist()] == contents


def test_each_member_is_longer_by_exactly_28_bytes() -> None:
    with pyzipper.AESZipFile(io.BytesIO(made(b"", b"x" * 1000))) as archive:
        assert [info.compress_size - info.file_size for info in archive.infolist()] == [OVERHEAD, OVERHEAD]


def test_it_is_ae_2_so_no_checksum_tells_of_the_plain_text() -> None:
    with pyzipper.AESZipFile(io.BytesIO(made(b"secret"))) as archive:
        info = archive.infolist()[0]
    assert (info.CRC, info.wz_aes_version, info.wz_aes_strength) == (0, 2, 3)


def test_the_same_package_has_the_same_bytes_so_a_download_can_go_on() -> None:
    assert made(b"one", b"two") == made(b"one", b"two")


@pytest.mark.parametrize("other", [{"seed": bytes(16)}, {"secret": SECRET[::-1]}])
def test_another_seed_or_passphrase_gives_other_bytes(other: dict[str, object]) -> None:
    assert made(b"one") != made(b"one", **other)  # type: ignore[arg-type]


def test_equal_members_of_one_package_do_not_look_equal() -> None:
    whole = made(b"same" * 100, b"same" * 100)
    assert _salt(whole, "0") != _salt(whole, "1")


def test_a_changed_member_gets_another_salt_even_under_the_same_seed() -> None:
    """Else two versions of a file would share a key stream, and their difference would be readable."""
    assert _salt(made(b"one"), "0") != _salt(made(b"two"), "0")


def _salt(whole: bytes, name: str) -> bytes:
    with pyzipper.AESZipFile(io.BytesIO(whole)) as archive:
        info = archive.getinfo(name)
    start = info.header_offset + 30 + len(name) + 11
    return whole[start : start + 16]


def test_no_altered_byte_of_a_member_is_accepted() -> None:
    """Requirement A14: alteration is detected by the recipient's own program."""
    whole = bytearray(made(b"0123456789"))
    for place in range(31 + 11, 31 + 11 + 10 + OVERHEAD):
        whole[place] ^= 1
        with pyzipper.AESZipFile(io.BytesIO(bytes(whole))) as archive:
            archive.setpassword(SECRET.encode())
            with pytest.raises((RuntimeError, pyzipper.BadZipFile)):
                archive.read("0")
        whole[place] ^= 1


@pytest.mark.parametrize(("secret", "seed"), [("short", SEED), (SECRET, b"short")])
def test_a_weak_passphrase_or_seed_is_refused(secret: str, seed: bytes) -> None:
    with pytest.raises(ValueError, match="at least"):
        Aes256(secret, seed=seed)


def test_the_tag_tells_neither_passphrase_nor_seed() -> None:
    body = Aes256(SECRET, seed=SEED)
    assert SECRET.encode() not in body.tag()
    assert SEED not in body.tag()
