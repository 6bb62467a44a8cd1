"""Fault E1: whatever somebody with all rights does to the database, `verify` names the entry."""

import json

import pytest
from django.db import connection
from hypothesis import given
from hypothesis import strategies as st

from rooms.audit.ledger import NOW, empty_the_ledger
from scanward.audit.aligning import Alignment
from scanward.audit.checkpoint import VKEY
from scanward.audit.event import body_of, leaf_of
from scanward.audit.findings import Report, Touched
from scanward.audit.merkle import CompactRange
from scanward.audit.models import Entry
from scanward.audit.note import BadNote
from scanward.audit.reading import INDEXED, Row, index_of, rows
from scanward.audit.sealing import write_checkpoint
from scanward.audit.verify import verify

SIZE = 40  # signed at 20 and at 40 and something; some entries behind that are not signed


@pytest.fixture
def vkey(fill, outside, key_file):
    fill(20)
    write_checkpoint(outside, key_file, now=NOW)
    fill(19, start=21)
    write_checkpoint(outside, key_file, now=NOW)
    fill(5, start=41)
    return (outside / VKEY).read_text()


def numbers(report: Report, *kinds: Touched) -> set[int]:
    return {n for f in report.findings if f.kind in kinds and f.first is not None for n in range(f.first, f.last + 1)}


def recompute(cursor) -> None:
    """Make the database consistent in itself, as root could: columns, leaf hashes and head."""
    tree = CompactRange()
    for row in list(rows()):
        leaf = leaf_of(row.seq, row.body)
        columns = index_of(json.loads(row.body))
        cursor.execute(
            "UPDATE audit_entry SET leaf = %s, at = %s, kind = %s, outcome = %s, actor_id = %s, patient_id = %s, "
            "subject_kind = %s, subject_id = %s WHERE seq = %s",
            [
                leaf,
                columns[0] + ("+00" if connection.vendor == "postgresql" else ""),
                columns[1],
                int(columns[2]),
                *columns[3:],
                row.seq,
            ],
        )
        tree.append(leaf)
    cursor.execute("UPDATE audit_head SET size = %s, frontier = %s", [tree.size, tree.to_bytes()])


def shift(cursor, start: int, by: int) -> None:
    order = "DESC" if by > 0 else "ASC"
    cursor.execute(f"SELECT seq FROM audit_entry WHERE seq >= %s ORDER BY seq {order}", [start])
    for (seq,) in cursor.fetchall():
        cursor.execute("UPDATE audit_entry SET seq = %s WHERE seq = %s", [seq + by, seq])


def copy(cursor, seq: int, to: int) -> None:
    columns = "leaf, at, kind, outcome, actor_id, patient_id, subject_kind, subject_id, body"
    cursor.execute(f"INSERT INTO audit_entry SELECT {to}, {columns} FROM audit_entry WHERE seq = %s", [seq])


def flip(cursor, n):
    body = Entry.objects.get(seq=n).body.replace('"outcome":0', '"outcome":4')
    cursor.execute("UPDATE audit_entry SET body = %s WHERE seq = %s", [body, n])


def delete(cursor, n):
    cursor.execute("DELETE FROM audit_entry WHERE seq = %s", [n])


def delete_and_close_the_gap(cursor, n):
    delete(cursor, n)
    shift(cursor, n + 1, -1)


def insert(cursor, n):
    shift(cursor, n, 1)
    copy(cursor, 3, n)


def rewrite(cursor, n):
    body = Entry.objects.get(seq=n).body.replace('"at":"2026', '"at":"2025')
    cursor.execute("UPDATE audit_entry SET body = %s WHERE seq = %s", [body, n])


def duplicate_over(cursor, n):
    delete(cursor, n)
    copy(cursor, 3, n)


ATTACKS = [flip, delete, delete_and_close_the_gap, insert, rewrite, duplicate_over]
EXPECTED = {
    flip: Touched.CHANGED,
    rewrite: Touched.CHANGED,
    duplicate_over: Touched.CHANGED,
    delete: Touched.DELETED,
    delete_and_close_the_gap: Touched.DELETED,
    insert: Touched.INSERTED,
}


def test_an_untouched_ledger_is_intact(vkey, outside):
    report = verify(outside, vkey)
    assert report.ok
    assert (report.entries, report.signed, report.checkpoints) == (46, 40, 2)
    assert report.lines() == ["The ledger is intact: 46 entries, 40 of them proven by 2 checkpoints kept outside."]


@pytest.mark.parametrize("covered_up", [False, True], ids=["plainly", "all hashes recomputed"])
@pytest.mark.parametrize("number", [0, 7, 19, 20, 39], ids=lambda n: f"entry {n}")
@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.__name__)
def test_the_one_touched_entry_is_named(vkey, outside, as_root, attack, number, covered_up):
    """L3."""
    with as_root() as cursor:
        attack(cursor, number)
        if covered_up:
            recompute(cursor)
    report = verify(outside, vkey)
    named = numbers(report, Touched.CHANGED, Touched.DELETED, Touched.INSERTED)
    if number == 39 and attack is delete_and_close_the_gap:
        assert min(named) == 39  # what took the place of the last proven entry is only proven to be another
    else:
        assert named == {number}
        assert EXPECTED[attack] in {finding.kind for finding in report.findings}


@pytest.mark.parametrize("covered_up", [False, True])
@pytest.mark.parametrize(("first", "second"), [(0, 1), (5, 30), (38, 39)])
def test_swapped_entries_are_named(vkey, outside, as_root, first, second, covered_up):
    with as_root() as cursor:
        for old, new in ((first, 999), (second, first), (999, second)):
            cursor.execute("UPDATE audit_entry SET seq = %s WHERE seq = %s", [new, old])
        if covered_up:
            recompute(cursor)
    report = verify(outside, vkey)
    swapped = [(f.first, f.last) for f in report.findings if f.kind is Touched.SWAPPED]
    assert swapped == [(first, second)]
    assert not numbers(report, Touched.CHANGED)


@pytest.mark.parametrize("left", [0, 1, 20, 30, 39])
@pytest.mark.parametrize("covered_up", [False, True])
def test_a_truncated_ledger_is_found(vkey, outside, as_root, left, covered_up):
    with as_root() as cursor:
        cursor.execute("DELETE FROM audit_entry WHERE seq >= %s", [left])
        if covered_up:
            recompute(cursor)
    assert numbers(verify(outside, vkey), Touched.DELETED) == set(range(left, 40))


def test_a_ledger_rewritten_from_the_first_entry_on_is_found(vkey, outside, fill, as_root):
    """Somebody with all rights makes a new ledger, consistent in itself, of the same length."""
    empty_the_ledger()
    fill(46)
    assert numbers(verify(outside, vkey), Touched.CHANGED) == set(range(40))


def test_entries_that_were_rewritten_among_others_are_all_named(vkey, outside, as_root):
    with as_root() as cursor:
        for number in (3, 4, 17, 33):
            rewrite(cursor, number)
        delete_and_close_the_gap(cursor, 25)
        recompute(cursor)
    report = verify(outside, vkey)
    assert numbers(report, Touched.CHANGED) == {3, 4, 17, 33}
    assert numbers(report, Touched.DELETED) == {25}


@pytest.mark.parametrize("column", [name for name in INDEXED if name not in ("at", "outcome")])
def test_a_changed_column_is_named_and_the_content_is_still_proven(vkey, outside, as_root, column):
    with as_root() as cursor:
        cursor.execute(f"UPDATE audit_entry SET {column} = 'x' WHERE seq = 12")
    (finding,) = verify(outside, vkey).findings
    assert (finding.kind, finding.first, finding.detail) == (Touched.COLUMN_CHANGED, 12, column)


def test_a_changed_time_and_outcome_are_named(vkey, outside, as_root):
    with as_root() as cursor:
        cursor.execute("UPDATE audit_entry SET at = '2020-01-01 00:00:00', outcome = 12 WHERE seq = 44")
    details = {finding.detail for finding in verify(outside, vkey).findings if finding.first == 44}
    assert details == {"at", "outcome"}


def test_a_changed_hash_is_told_from_a_changed_content(vkey, outside, as_root):
    with as_root() as cursor:
        cursor.execute("UPDATE audit_entry SET leaf = %s WHERE seq = 12", [b"x" * 32])
    (finding,) = verify(outside, vkey).findings
    assert (finding.kind, finding.first) == (Touched.HASH_CHANGED, 12)


def test_rubbish_in_every_column_is_reported_and_does_not_stop_the_check(vkey, outside, as_root):
    with as_root() as cursor:
        if connection.vendor == "sqlite":  # PostgreSQL's columns take only their own type
            cursor.execute("UPDATE audit_entry SET at = 'x', kind = x'ff', outcome = 'y' WHERE seq = 12")
        cursor.execute(
            "UPDATE audit_entry SET body = %s WHERE seq = 12", ["{" if connection.vendor != "sqlite" else b"\xff"]
        )
    assert numbers(verify(outside, vkey), Touched.CHANGED) == {12}


@pytest.mark.parametrize("number", [40, 43, 45])
def test_behind_the_last_checkpoint_a_careless_change_is_named_too(vkey, outside, as_root, number):
    with as_root() as cursor:
        rewrite(cursor, number)
    assert numbers(verify(outside, vkey), Touched.CHANGED) == {number}


@pytest.mark.parametrize("number", [40, 43])
def test_behind_the_last_checkpoint_a_gap_is_named(vkey, outside, as_root, number):
    with as_root() as cursor:
        delete(cursor, number)
    assert numbers(verify(outside, vkey), Touched.DELETED) == {number}


def test_an_entry_forged_at_the_end_does_not_fit_the_head(vkey, outside, as_root):
    with as_root() as cursor:
        copy(cursor, 3, 46)
    kinds = {finding.kind for finding in verify(outside, vkey).findings}
    assert {Touched.HEAD, Touched.CHANGED} <= kinds


@pytest.mark.parametrize("change", ["size = 45", "frontier = frontier || frontier", "size = size + 1"])
def test_a_changed_head_is_found(vkey, outside, as_root, change):
    with as_root() as cursor:
        cursor.execute(f"UPDATE audit_head SET {change}")
    assert Touched.HEAD in {finding.kind for finding in verify(outside, vkey).findings}


def test_a_missing_head_is_found(vkey, outside, as_root):
    with as_root() as cursor:
        cursor.execute("DELETE FROM audit_head")
    assert Touched.HEAD in {finding.kind for finding in verify(outside, vkey).findings}


def test_without_the_hashes_outside_the_checkpoints_still_say_between_which_it_was(vkey, outside, as_root):
    for tile in (outside / "tile").rglob("*.p/*"):
        tile.unlink()
    with as_root() as cursor:
        rewrite(cursor, 25)
        recompute(cursor)
    report = verify(outside, vkey)
    (somewhere,) = [finding for finding in report.findings if finding.kind is Touched.SOMEWHERE]
    assert (somewhere.first, somewhere.last) == (20, 39)
    assert "after the checkpoint of 20 entries and before that of 40" in str(somewhere)


def test_forged_hashes_outside_are_not_believed(vkey, outside, as_root):
    forged = outside / "tile/0/000.p/40"
    forged.write_bytes(bytes(40 * 32))
    report = verify(outside, vkey)
    assert {finding.kind for finding in report.findings} == {Touched.HASHES_OUTSIDE}
    assert report.signed == 20
    with as_root() as cursor:
        rewrite(cursor, 5)
        recompute(cursor)
    assert numbers(verify(outside, vkey), Touched.CHANGED) == {5}


def test_a_checkpoint_that_was_changed_is_named(vkey, outside):
    note = outside / "checkpoints" / f"{20:020d}"
    note.write_text(note.read_text().replace("\n20\n", "\n21\n"))
    (finding,) = verify(outside, vkey).findings
    assert finding.kind is Touched.CHECKPOINT
    assert "00020 can't be trusted" in str(finding)


def test_without_any_checkpoint_nothing_is_called_proven(fill, outside, vkey):
    for note in (outside / "checkpoints").iterdir():
        note.unlink()
    assert [finding.kind for finding in verify(outside, vkey).findings] == [Touched.UNSIGNED]


def test_a_wrong_public_key_is_an_error_and_not_a_finding(vkey, outside):
    with pytest.raises(BadNote):
        verify(outside, "rubbish")


def test_a_missing_guard_is_reported(vkey, outside, ledger):
    with connection.cursor() as cursor:
        on = " ON audit_entry" if connection.vendor == "postgresql" else ""
        cursor.execute(f"DROP TRIGGER audit_entry_no_update{on}")
    (finding,) = verify(outside, vkey).findings
    assert (finding.kind, finding.detail) == (Touched.GUARD, "audit_entry_no_update")


class World:
    """A ledger in memory, for many random attacks."""

    def __init__(self, make_event, size):
        self.bodies = [body_of(make_event(number)) for number in range(size)]
        self.hashes = [leaf_of(number, body) for number, body in enumerate(self.bodies)]

    def rows(self, bodies):
        return [
            Row(number, leaf_of(number, body), body, index_of(json.loads(body)), leaf_of(number, body))
            for number, body in bodies
        ]


@given(size=st.integers(1, 120), data=st.data())
def test_any_set_of_changed_entries_is_named_exactly(make_event, size, data):
    world = World(make_event, size)
    changed = data.draw(st.sets(st.integers(0, size - 1)))
    forged = {number: body_of(make_event(number)) for number in changed}
    stored = world.rows([(n, forged.get(n, body)) for n, body in enumerate(world.bodies)])
    alignment = Alignment(stored, world.hashes)
    found = [*alignment.findings(), *alignment.suspects()]
    assert {(f.kind, f.first) for f in found} == {(Touched.CHANGED, number) for number in changed}


@given(size=st.integers(2, 200), data=st.data())
def test_any_deleted_run_is_named_exactly_whether_renumbered_or_not(make_event, size, data):
    world = World(make_event, size)
    first = data.draw(st.integers(0, size - 1))
    last = data.draw(st.integers(first, size - 1))
    kept = [(n, body) for n, body in enumerate(world.bodies) if not first <= n <= last]
    if data.draw(st.booleans()):
        kept = [(n, body) for n, (_, body) in enumerate(kept)]
    alignment = Alignment(world.rows(kept), world.hashes)
    report = Report()
    report.add_all([*alignment.findings(), *alignment.suspects()])
    assert [(f.kind, f.first, f.last) for f in report.findings] == [(Touched.DELETED, first, last)]


@pytest.mark.parametrize("count", [1, 60, 500])
def test_many_inserted_entries_are_told_from_the_originals(make_event, count):
    world = World(make_event, 100)
    forged = [body_of(make_event(0)) for _ in range(count)]
    stored = [*world.bodies[:30], *forged, *world.bodies[30:]]
    alignment = Alignment(world.rows(enumerate(stored)), world.hashes)
    report = Report()
    report.add_all([*alignment.findings(), *alignment.suspects()])
    assert [(f.kind, f.first, f.last) for f in report.findings] == [(Touched.INSERTED, 30, 29 + count)]
