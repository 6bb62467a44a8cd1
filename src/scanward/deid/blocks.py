"""Runs of elements that the slices of a series share byte for byte: recognised at once instead of one by one."""

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, NamedTuple

from scanward.dicom.walk import Buffer

_WORTH_A_LOOK: Final = 32  # elements read one by one before it pays to look for blocks
_MOST_BLOCKS: Final = 256


class Single(NamedTuple):
    """An element that was read by itself."""

    tag: int
    vr: bytes
    start: int
    value: int
    end: int


@dataclass(slots=True)
class Block:
    """Neighbouring elements: their bytes together, and each one of them as it would be read."""

    raw: bytes
    elements: list[Single]  # their places counted from the beginning of `raw`


@dataclass(slots=True)
class Blocks:
    """The blocks of the files so far, by the first four bytes of each (its first tag)."""

    known: dict[bytes, Block] = field(default_factory=dict)
    _before: dict[int, bytes] = field(default_factory=dict)

    def learn(self, data: Buffer, singles: list[Single]) -> bool:
        """Find new blocks among elements that had to be read by themselves in this file and the one before.

        Returns: whether there are new ones.
        """
        if len(singles) < _WORTH_A_LOOK:
            return False
        raws = {one.tag: bytes(data[one.start : one.end]) for one in singles}
        runs = _runs([one for one in singles if self._before.get(one.tag) == raws[one.tag]])
        self._before = raws
        if len(self.known) > _MOST_BLOCKS:
            self.known.clear()
        for run in runs:
            start = run[0].start
            raw = bytes(data[start : run[-1].end])
            moved = [Single(*one[:2], one.start - start, one.value - start, one.end - start) for one in run]
            self.known[raw[:4]] = Block(raw, moved)
        return bool(runs)


def _runs(same: list[Single]) -> list[list[Single]]:
    """Elements that follow each other without a gap, at least two together."""
    found = [same[:1]]
    for before, one in pairwise(same):
        if one.start == before.end:
            found[-1].append(one)
        else:
            found.append([one])
    return [run for run in found if len(run) > 1]
