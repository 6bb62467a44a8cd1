"""The Merkle tree, against the vectors of Certificate Transparency and against the RFC's own words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rooms.audit import oracle
from scanward.audit.merkle import (
    CompactRange,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    perfect_root,
)

# transparency-dev/merkle, testonly/constants.go and reference_test.go
INPUTS = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"]
LEAVES = [leaf_hash(bytes.fromhex(value)) for value in INPUTS]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
H0 = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
H1 = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
H23 = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e"
H4 = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b"
H45 = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"
H67 = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"
H4567 = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
INCLUSION = [
    (0, 1, []),
    (0, 2, [H1]),
    (1, 2, [H0]),
    (2, 3, [ROOTS[2]]),
    (1, 5, [H0, H23, H4]),
    (0, 8, [H1, H23, H4567]),
    (5, 8, [H4, H67, ROOTS[4]]),
]
CONSISTENCY = [(1, 1, []), (1, 8, [H1, H23, H4567]), (2, 5, [H23, H4]), (6, 8, [H45, H67, ROOTS[4]])]

trees = st.lists(st.binary(max_size=4).map(leaf_hash), min_size=1, max_size=70)


class Tree:
    """The nodes of a tree that lies in memory."""

    def __init__(self, leaves):
        self.leaves = leaves

    def __call__(self, level, index):
        hashes = self.leaves[index << level : (index + 1) << level]
        assert len(hashes) == 1 << level, "a proof asks for perfect subtrees only"
        return perfect_root(hashes)


def compact(leaves):
    tree = CompactRange()
    tree.extend(leaves)
    return tree


@pytest.mark.parametrize("size", range(9))
def test_roots_are_those_of_certificate_transparency(size):
    assert compact(LEAVES[:size]).root().hex() == ROOTS[size]


@pytest.mark.parametrize(("index", "size", "hashes"), INCLUSION)
def test_inclusion_proofs_are_those_of_certificate_transparency(index, size, hashes):
    assert [value.hex() for value in inclusion_proof(index, size, Tree(LEAVES))] == hashes


@pytest.mark.parametrize(("old", "new", "hashes"), CONSISTENCY)
def test_consistency_proofs_are_those_of_certificate_transparency(old, new, hashes):
    assert [value.hex() for value in consistency_proof(old, new, Tree(LEAVES))] == hashes


@given(trees)
def test_the_compact_range_has_the_root_of_the_recursive_definition(leaves):
    assert compact(leaves).root() == oracle.mth(leaves)


@given(trees, st.data())
def test_every_inclusion_proof_is_the_rfcs_and_convinces_an_independent_checker(leaves, data):
    index = data.draw(st.integers(0, len(leaves) - 1))
    hashes = inclusion_proof(index, len(leaves), Tree(leaves))
    assert hashes == oracle.path(index, leaves)
    assert oracle.included(index, len(leaves), leaves[index], hashes, compact(leaves).root())
    assert not oracle.included(index, len(leaves), leaf_hash(b"forged"), hashes, compact(leaves).root())


@given(trees, st.data())
def test_every_consistency_proof_is_the_rfcs_and_convinces_an_independent_checker(leaves, data):
    old, new = data.draw(st.integers(1, len(leaves))), len(leaves)
    hashes = consistency_proof(old, new, Tree(leaves))
    assert hashes == oracle.proof(old, leaves)
    assert oracle.consistent(old, oracle.mth(leaves[:old]), new, oracle.mth(leaves), hashes)
    forged = [leaf_hash(b"forged"), *leaves[1:]]
    assert not oracle.consistent(old, oracle.mth(forged[:old]), new, oracle.mth(leaves), hashes)


@given(trees)
def test_the_compact_range_survives_being_stored(leaves):
    tree = compact(leaves)
    assert CompactRange.from_bytes(tree.size, tree.to_bytes()) == tree


@pytest.mark.parametrize(("size", "data"), [(3, b"x" * 32), (1, b""), (0, b"x"), (-1, b"")])
def test_a_compact_range_that_does_not_fit_its_size_is_refused(size, data):
    with pytest.raises(ValueError, match="one 32-byte hash"):
        CompactRange.from_bytes(size, data)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (5, 5), (-1, 3)])
def test_there_is_no_proof_for_an_entry_that_is_not_there(index, size):
    with pytest.raises(ValueError, match="has no entry"):
        inclusion_proof(index, size, Tree(LEAVES))


@pytest.mark.parametrize(("old", "new"), [(0, 3), (4, 3)])
def test_there_is_no_consistency_proof_from_a_later_tree(old, new):
    with pytest.raises(ValueError, match="no consistency proof"):
        consistency_proof(old, new, Tree(LEAVES))
