"""Signed notes, as C2SP writes them."""

import os
from base64 import b64decode, b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from scanward.audit.checkpoint import Checkpoint
from scanward.audit.note import BadNote, Signer, Verifier, check_name, open_note, read_seed

# The example of Go's golang.org/x/mod/sumdb/note.
PETER_VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
PETER_NOTE = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
    "\n"
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


@pytest.fixture
def signer():
    return Signer("example.com/ledger", Ed25519PrivateKey.from_private_bytes(b"\x07" * 32))


def test_a_note_made_by_gos_library_is_verified():
    text = open_note(PETER_NOTE, [Verifier.from_vkey(PETER_VKEY)])
    assert text.endswith("what your problem is.\n")
    assert Verifier.from_vkey(PETER_VKEY).vkey == PETER_VKEY


def test_a_signed_text_comes_back(signer):
    assert open_note(signer.sign("a\n\nb\n"), [Verifier.from_vkey(signer.verifier.vkey)]) == "a\n\nb\n"


@given(st.integers(0, len(PETER_NOTE) - 2), st.characters(codec="ascii", categories=["L", "N"]))
def test_no_changed_note_is_believed(position, letter):
    changed = PETER_NOTE[:position] + letter + PETER_NOTE[position + 1 :]
    if changed != PETER_NOTE:
        with pytest.raises(BadNote):
            open_note(changed, [Verifier.from_vkey(PETER_VKEY)])


def test_a_note_by_somebody_else_is_not_believed(signer):
    other = Signer(signer.name, Ed25519PrivateKey.generate())
    with pytest.raises(BadNote, match="not signed by the given key"):
        open_note(other.sign("text\n"), [signer.verifier])


def test_a_witness_may_add_its_signature(signer):
    note = signer.sign("text\n")
    witness = Signer("witness.example", Ed25519PrivateKey.generate()).sign("text\n").split("\n\n")[1]
    assert open_note(note + witness, [signer.verifier]) == "text\n"


@pytest.mark.parametrize("note", ["", "text\n", "text\n\n", "text\n\nrubbish\n", "text\n\n— a b c\n", "x" * 70_000])
def test_what_is_no_note_is_refused(signer, note):
    with pytest.raises(BadNote):
        open_note(note, [signer.verifier])


@pytest.mark.parametrize("vkey", ["", "a+b", "name+00000000+AAAA", PETER_VKEY.replace("c74f20a3", "c74f20a4")])
def test_what_is_no_verifier_key_is_refused(vkey):
    with pytest.raises(BadNote):
        Verifier.from_vkey(vkey)


@pytest.mark.parametrize("name", ["", "two words", "a+b", "tab\t", "no\u00a0break"])
def test_a_key_name_has_no_spaces_and_no_plus(name):
    with pytest.raises(BadNote):
        check_name(name)


@pytest.mark.parametrize("text", ["no newline", "tab\t\n"])
def test_a_text_that_can_not_be_signed_is_refused(signer, text):
    with pytest.raises(BadNote):
        signer.sign(text)


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604])
def test_a_signing_key_that_others_can_read_is_refused(key_file, mode):
    """Fault E9."""
    key_file.chmod(mode)
    with pytest.raises(BadNote, match="chmod 600"):
        read_seed(key_file)


@pytest.mark.parametrize("content", ["", "07" * 31, "zz" * 32])
def test_a_signing_key_that_is_none_is_refused_without_showing_it(key_file, content):
    key_file.write_text(content)
    with pytest.raises(BadNote) as refused:
        read_seed(key_file)
    assert "07" not in str(refused.value)


def test_a_missing_signing_key_says_what_to_do(tmp_path):
    with pytest.raises(BadNote, match="scanward init"):
        read_seed(tmp_path / "none")


def test_a_checkpoint_is_three_lines():
    root = os.urandom(32)
    text = Checkpoint("example.com/ledger", 20852163, root).text()
    assert text == f"example.com/ledger\n20852163\n{b64encode(root).decode()}\n"
    assert Checkpoint.from_text(text + "an extension\n").size == 20852163


@pytest.mark.parametrize("size", ["-1", "01", "+1", "1e3", "", "9" * 30, "١"])
def test_a_checkpoint_with_an_odd_size_is_refused(size):
    with pytest.raises(BadNote):
        Checkpoint.from_text(f"o\n{size}\n{b64encode(b'r' * 32).decode()}\n")


@pytest.mark.parametrize(
    "text", ["", "o\n1\n", "o\n1\n!!\n", "o\n1\nAAAA\n", f"\n1\n{b64encode(b'r' * 32).decode()}\n"]
)
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(BadNote):
        Checkpoint.from_text(text)


def test_the_vkey_is_the_ed25519_key_behind_its_type_byte(signer):
    assert b64decode(signer.verifier.vkey.split("+", 2)[2]) == b"\x01" + signer.verifier.public
