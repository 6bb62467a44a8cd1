"""What is kept outside of the ledger, and how far it can be trusted."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from scanward.audit.checkpoint import Checkpoint, note_paths, read_checkpoint, read_verifiers
from scanward.audit.findings import Finding, Touched
from scanward.audit.merkle import CompactRange
from scanward.audit.note import BadNote
from scanward.audit.tiles import TilesDamaged, read_leaves

# How many checkpoints are tried, the newest first, when the hashes beside them are damaged.
ATTEMPTS = 4


@dataclass
class Outside:
    """The checkpoints by size, and the size up to which the leaf hashes beside them give the signed roots."""

    folder: Path
    checkpoints: list[Checkpoint] = field(default_factory=list)
    proven: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def signed(self) -> int:
        """The largest size that is signed."""
        return self.checkpoints[-1].size if self.checkpoints else 0

    def leaves(self) -> Iterator[bytes]:
        """Yield the leaf hashes that are proven."""
        return read_leaves(self.folder, self.proven)


def read_outside(folder: Path, vkeys: str) -> Outside:
    """Read the checkpoints and check their signatures and hashes.

    Raises:
        BadNote: the verifier key is not one.
    """
    outside = Outside(folder)
    verifiers = read_verifiers(vkeys)
    for path in note_paths(folder):
        try:
            outside.checkpoints.append(read_checkpoint(path, verifiers))
        except BadNote as error:
            outside.findings.append(Finding(Touched.CHECKPOINT, detail=f"{path.name} can't be trusted. {error}"))
    if len({checkpoint.origin for checkpoint in outside.checkpoints}) > 1:
        outside.findings.append(Finding(Touched.CHECKPOINT, detail="folder mixes the checkpoints of several ledgers."))
    if not outside.checkpoints:
        outside.findings.append(Finding(Touched.UNSIGNED))
    _prove_hashes(outside)
    return outside


def _prove_hashes(outside: Outside) -> None:
    """Find the last checkpoint whose root the leaf hashes give; if the newest are damaged, older ones may do."""
    for checkpoint in outside.checkpoints[: -ATTEMPTS - 1 : -1]:
        damage = _follow(outside, checkpoint)
        if damage is None:
            return
        outside.findings.append(Finding(Touched.HASHES_OUTSIDE, detail=damage))


def _follow(outside: Outside, target: Checkpoint) -> str | None:
    """Compare the roots up to one checkpoint; return what is damaged, or None if its root is right."""
    tree = CompactRange()
    roots = {0: tree.root()}
    sizes = {checkpoint.size for checkpoint in outside.checkpoints}
    try:
        for leaf in read_leaves(outside.folder, target.size):
            tree.append(leaf)
            if tree.size in sizes:
                roots[tree.size] = tree.root()
    except TilesDamaged as error:
        return str(error)
    except OSError:
        return "a file can't be read."
    if tree.root() != target.root:
        return f"they do not give the root that was signed at {target.size} entries."
    outside.proven = target.size
    for other in outside.checkpoints:
        if other.size <= target.size and other.root != roots[other.size]:
            detail = f"of {other.size} entries is of another history than that of {target.size}."
            outside.findings.append(Finding(Touched.CHECKPOINT, detail=detail))
    return None
