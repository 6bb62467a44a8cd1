"""The Merkle tree of RFC 6962, section 2.1 (SHA-256): leaf and node hashes, the compact range, and proofs.

A compact range is what an append needs to remember of a tree: the roots of its perfect subtrees, largest
first, one for each bit that is set in the size. So the head of a ledger of any length fits in some 30
hashes, and its root costs as many hashings.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Self

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()

# Returns the root of the perfect subtree of 2**level leaves that begins at leaf index * 2**level.
Nodes = Callable[[int, int], bytes]


def leaf_hash(data: bytes) -> bytes:
    """Return the 32-byte hash of a leaf; the 0x00 keeps a leaf from passing for a node (RFC 6962, 2.1)."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the 32-byte hash of an inner node (RFC 6962, 2.1)."""
    return sha256(b"\x01" + left + right).digest()


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """Return the root over 2**k neighbouring hashes of one level."""
    level = list(hashes)
    while len(level) > 1:
        level = [node_hash(level[i], level[i + 1]) for i in range(0, len(level), 2)]
    return level[0]


@dataclass(slots=True)
class CompactRange:
    """A tree of `size` leaves as the roots of its perfect subtrees, largest first."""

    size: int = 0
    hashes: list[bytes] = field(default_factory=list)

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        size = self.size
        while size & 1:
            leaf = node_hash(self.hashes.pop(), leaf)
            size >>= 1
        self.hashes.append(leaf)
        self.size += 1

    def extend(self, leaves: Iterable[bytes]) -> None:
        """Add many leaf hashes."""
        for leaf in leaves:
            self.append(leaf)

    def root(self) -> bytes:
        """Return the Merkle Tree Hash: the subtrees folded from the smallest to the largest."""
        if not self.hashes:
            return EMPTY_ROOT
        folded = self.hashes[-1]
        for larger in reversed(self.hashes[:-1]):
            folded = node_hash(larger, folded)
        return folded

    def to_bytes(self) -> bytes:
        """Return the hashes, one after another."""
        return b"".join(self.hashes)

    @classmethod
    def from_bytes(cls, size: int, data: bytes) -> Self:
        """Read what `to_bytes` wrote.

        Raises:
            ValueError: the data are not one hash for each bit of the size.
        """
        if size < 0 or len(data) != size.bit_count() * HASH_SIZE:
            raise ValueError("A compact range has one 32-byte hash for each bit that is set in its size.")
        return cls(size, [data[i : i + HASH_SIZE] for i in range(0, len(data), HASH_SIZE)])


def range_root(start: int, end: int, nodes: Nodes) -> bytes:
    """Return MTH(D[start:end]), where start is a multiple of the largest power of two below end - start."""
    subtrees: list[bytes] = []
    while start < end:
        level = (end - start).bit_length() - 1
        subtrees.append(nodes(level, start >> level))
        start += 1 << level
    return CompactRange(0, subtrees).root()


def inclusion_proof(index: int, size: int, nodes: Nodes) -> list[bytes]:
    """Return PATH(index, D[0:size]), the audit path from the leaf up (RFC 6962, 2.1.1).

    Raises:
        ValueError: there is no such leaf in a tree of that size.
    """
    if not 0 <= index < size:
        raise ValueError(f"A tree of {size} entries has no entry {index}.")
    path: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        split = start + _split(end - start)
        if index < split:
            path.append(range_root(split, end, nodes))
            end = split
        else:
            path.append(range_root(start, split, nodes))
            start = split
    return path[::-1]


def consistency_proof(old: int, new: int, nodes: Nodes) -> list[bytes]:
    """Return PROOF(old, D[0:new]): the tree of `old` leaves begins the one of `new` (RFC 6962, 2.1.2).

    Raises:
        ValueError: the sizes are not 0 < old <= new.
    """
    if not 0 < old <= new:
        raise ValueError(f"There is no consistency proof from size {old} to size {new}.")
    path: list[bytes] = []
    start, end, whole = 0, new, True
    while old != end:
        split = start + _split(end - start)
        if old <= split:
            path.append(range_root(split, end, nodes))
            end = split
        else:
            path.append(range_root(start, split, nodes))
            start, whole = split, False
    if not whole:
        path.append(range_root(start, end, nodes))
    return path[::-1]


def _split(count: int) -> int:
    """Return the largest power of two smaller than count."""
    return 1 << ((count - 1).bit_length() - 1)
