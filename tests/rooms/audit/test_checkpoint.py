"""What is signed can't be taken back, and only one history is signed."""

import pytest
from django.db import transaction

from rooms.audit import oracle
from rooms.audit.ledger import NOW, empty_the_ledger
from scanward.audit.actions import read_head, record_many
from scanward.audit.checkpoint import VKEY, CheckpointRefused, Refusal, note_paths
from scanward.audit.kinds import EventKind
from scanward.audit.models import Entry
from scanward.audit.note import BadNote
from scanward.audit.sealing import NotProvable, prove, signer_for, write_checkpoint
from scanward.audit.tiles import TilesDamaged
from scanward.audit.verify import verify


@pytest.fixture
def sign(outside, key_file):
    return lambda: write_checkpoint(outside, key_file, now=NOW)


def vkey(outside) -> str:
    return (outside / VKEY).read_text()


def test_a_checkpoint_has_the_size_and_root_of_the_ledger_and_is_recorded(fill, sign):
    fill(10)
    head = read_head()
    checkpoint = sign()
    assert (checkpoint.size, checkpoint.root) == (10, head.root())
    assert Entry.objects.get(seq=10).event_kind is EventKind.CHECKPOINT_WRITTEN


def test_when_nothing_happened_nothing_is_signed_again(fill, sign, outside):
    fill(10)
    assert sign() == sign() == sign()
    assert len(note_paths(outside)) == 1
    assert Entry.objects.count() == 11


def test_checkpoints_are_added_and_none_is_overwritten(fill, sign, outside):
    fill(300)
    sign()
    before = {path: path.read_bytes() for path in outside.rglob("*") if path.is_file()}
    fill(600, start=300)
    sign()
    assert {path: path.read_bytes() for path in before} == before
    assert [path.name[-3:] for path in note_paths(outside)] == ["300", "901"]


def test_a_ledger_that_shrank_is_not_signed(fill, sign):
    """Fault E4: an old backup was restored."""
    fill(20)
    sign()
    empty_the_ledger()
    fill(5)
    with pytest.raises(CheckpointRefused) as refused:
        sign()
    assert refused.value.reason is Refusal.SHRUNK


@pytest.mark.parametrize("size", [20, 21, 22, 40, 700])
def test_a_second_history_is_not_signed_and_that_is_recorded(fill, sign, outside, size):
    """Fault E4: fork."""
    fill(20)
    sign()
    empty_the_ledger()
    fill(size)
    files = sorted(outside.rglob("*"))
    with pytest.raises(CheckpointRefused) as refused:
        sign()
    assert refused.value.reason is Refusal.FORK
    assert sorted(outside.rglob("*")) == files
    assert Entry.objects.latest("seq").event_kind is EventKind.SECURITY_ALERT


def test_entries_changed_before_they_were_signed_are_not_signed(fill, sign, as_root):
    fill(10)
    with as_root() as cursor:
        cursor.execute("UPDATE audit_entry SET body = '{}' WHERE seq = 4")
    with pytest.raises(CheckpointRefused):
        sign()


def test_a_folder_whose_hashes_are_damaged_is_not_continued(fill, sign, outside):
    fill(10)
    sign()
    (outside / "tile/0/000.p/10").write_bytes(bytes(320))
    fill(5, start=10)
    with pytest.raises(CheckpointRefused) as refused:
        sign()
    assert refused.value.reason is Refusal.DAMAGED


def test_the_folder_of_another_ledger_is_not_used(fill, sign, outside, key_file):
    fill(3)
    sign()
    (outside / VKEY).unlink()
    key_file.write_text("08" * 32)
    with pytest.raises(BadNote):
        sign()


def test_what_crashed_before_it_was_signed_does_no_harm(fill, sign, outside):
    """A crash between the hashes and the note leaves hashes that nobody signed."""
    fill(300)
    sign()
    (outside / "tile/0/001").write_bytes(bytes(256 * 32))
    fill(400, start=300)
    assert sign().size == 701
    assert verify(outside, vkey(outside)).ok


def test_after_a_new_key_the_old_past_is_still_continued(fill, sign, outside, key_file):
    fill(5)
    sign()
    key_file.write_text("08" * 32)
    fill(5, start=5)
    assert sign().size == 11
    assert len(vkey(outside).split()) == 2


def test_the_folder_is_never_signed_with_a_key_that_others_can_read(fill, sign, key_file):
    """Fault E9."""
    fill(1)
    key_file.chmod(0o644)
    with pytest.raises(BadNote, match="chmod 600"):
        sign()


def test_the_name_of_the_ledger_stays(fill, sign, outside, key_file):
    """A new key signs under the name under which the ledger is known."""
    fill(1)
    name = sign().origin
    key_file.write_text("08" * 32 + "\n")
    assert signer_for(outside, key_file).name == name


def test_any_entry_is_proven_to_somebody_with_the_public_key(fill, sign, outside):
    fill(300)
    checkpoint = sign()
    for seq in (0, 1, 255, 256, 299):
        proof = prove(outside, vkey(outside), seq)
        assert oracle.included(seq, proof.size, oracle.leaf(proof.entry), proof.hashes, checkpoint.root)
        assert f"\n{seq}\n".encode() in proof.entry


def test_an_entry_that_is_not_signed_yet_is_not_proven(fill, sign, outside):
    fill(3)
    sign()
    with pytest.raises(NotProvable, match="No checkpoint covers"):
        prove(outside, vkey(outside), 3)


def test_an_entry_that_was_changed_is_not_proven(fill, sign, outside, as_root):
    fill(3)
    sign()
    with as_root() as cursor:
        cursor.execute("UPDATE audit_entry SET body = '{}' WHERE seq = 1")
        with pytest.raises(NotProvable, match="not the one that was signed"):
            prove(outside, vkey(outside), 1)
        cursor.execute("DELETE FROM audit_entry WHERE seq = 1")
    with pytest.raises(NotProvable, match="no such entry"):
        prove(outside, vkey(outside), 1)
    (outside / "tile/0/000.p/3").unlink()
    with pytest.raises(TilesDamaged):
        prove(outside, vkey(outside), 0)


def test_recording_goes_on_while_the_ledger_is_signed(fill, sign, make_event):
    """The head is read once; what comes later belongs to the next checkpoint."""
    fill(50)
    first = sign()
    with transaction.atomic():
        record_many([make_event(99)])
    assert sign().size == first.size + 2
