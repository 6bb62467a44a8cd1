"""The hashes beside the checkpoints, in C2SP's layout."""

from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scanward.audit.merkle import CompactRange, consistency_proof, inclusion_proof, perfect_root
from scanward.audit.tiles import TileNodes, TilesDamaged, TileWriter, read_leaves, tile_path, write_durably

LEAVES = [sha256(str(number).encode()).digest() for number in range(70_000)]


def write(folder: Path, start: int, end: int) -> TileWriter:
    writer = TileWriter(folder, start)
    writer.extend(LEAVES[start:end])
    writer.finish()
    return writer


def compact(size: int) -> CompactRange:
    tree = CompactRange()
    tree.extend(LEAVES[:size])
    return tree


def in_memory(level: int, index: int) -> bytes:
    return perfect_root(LEAVES[index << level : (index + 1) << level])


def test_the_files_are_where_the_standard_puts_them(tmp_path):
    """The example of c2sp.org/tlog-tiles: a tree of 70,000."""
    write(tmp_path, 0, 70_000)
    files = {str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()}
    assert len([name for name in files if name.startswith("tile/0/")]) == 274
    assert {"tile/0/273.p/112", "tile/1/000", "tile/1/001.p/17", "tile/2/000.p/1"} <= files
    assert tile_path(Path("log"), 0, 1234067, 256) == Path("log/tile/0/x001/x234/067")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.integers(0, 1500), min_size=1, max_size=4))
def test_any_growth_gives_the_same_tree(tmp_path_factory, sizes):
    folder, start = tmp_path_factory.mktemp("tiles"), 0
    for end in sorted(sizes):
        assert write(folder, start, end).compact() == compact(end)
        start = end
    assert list(read_leaves(folder, start)) == LEAVES[:start]
    assert all(list(read_leaves(folder, size)) == LEAVES[:size] for size in sizes)


def test_proofs_from_tiles_are_those_from_all_leaves(tmp_path):
    write(tmp_path, 0, 1000)
    write(tmp_path, 1000, 1500)
    nodes = TileNodes(tmp_path, 1500)
    for number in (0, 255, 256, 999, 1000, 1499):
        assert inclusion_proof(number, 1500, nodes) == inclusion_proof(number, 1500, in_memory)
    assert consistency_proof(1000, 1500, nodes) == consistency_proof(1000, 1500, in_memory)


def test_a_damaged_tile_is_named(tmp_path):
    write(tmp_path, 0, 300)
    (tmp_path / "tile/0/000").write_bytes(b"short")
    with pytest.raises(TilesDamaged, match="tile/0/000 has the wrong length"):
        list(read_leaves(tmp_path, 300))


def test_a_missing_tile_is_named(tmp_path):
    write(tmp_path, 0, 300)
    (tmp_path / "tile/0/001.p/44").unlink()
    with pytest.raises(TilesDamaged, match=r"tile/0/001\.p/44 is missing"):
        TileWriter(tmp_path, 300)


def test_what_must_not_be_replaced_is_not(tmp_path):
    write_durably(tmp_path / "note", b"first", replace=False)
    with pytest.raises(FileExistsError):
        write_durably(tmp_path / "note", b"second", replace=False)
    assert (tmp_path / "note").read_bytes() == b"first"
    assert [path.name for path in tmp_path.iterdir()] == ["note"]
