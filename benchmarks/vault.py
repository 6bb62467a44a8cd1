"""How many 0.5 MB objects a second are durable and encrypted, against the naive way, on the same disk at the same time.

Naive: per object a file, fsync, rename, directory fsync, and a commit to SQLite (synchronous=FULL), unencrypted.
Both take SHA-256. The disk alone: one thread adds the bytes to the end of one file, with one sync for as many objects
as there are writers; no way to keep them durably is faster. Short rounds of all ways alternate, so that a shared disk's
moods meet all alike; ratios travel, numbers do not.
"""

import argparse
import hashlib
import os
import platform
import secrets
import shutil
import sqlite3
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from scanward.vault import FolderStorage, Keyring, MasterKey, NewObject, Vault

SIZE = 512 * 1024
RESULTS = Path(__file__).parent / "results.md"
Keep = Callable[[str, bytes], object]


@dataclass
class Way:
    """One way to keep objects: `worker()` returns the function a thread calls for each object."""

    name: str
    worker: Callable[[], Keep]
    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def round(self, writers: int, objects: int) -> None:
        """Have the writers keep objects; note the rate and the CPU time per object."""
        workers = [self.worker() for _ in range(writers)]
        bodies = [secrets.token_bytes(SIZE) for _ in range(4)]
        threads = [threading.Thread(target=_run, args=(keep, bodies, objects // writers)) for keep in workers]
        begun, cpu = time.perf_counter(), time.process_time()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        count = objects // writers * writers
        self.rates.append(count / (time.perf_counter() - begun))
        self.cpu.append((time.process_time() - cpu) / count * 1000)


def _run(keep: Keep, bodies: list[bytes], count: int) -> None:
    for number in range(count):
        keep(secrets.token_hex(16), bodies[number % len(bodies)])


def vault_way(folder: Path) -> Way:
    """The vault: one pack, one sync for all who wait."""
    vault = Vault(FolderStorage(folder / "vault"), Keyring(MasterKey(secrets.token_bytes(32))))
    key, note = vault.new_key(), b'{"sop":"1.2.826.0.1.3680043.8.498.1"}' * 10
    return Way("vault", lambda: lambda name, body: vault.put([NewObject(key, name, [body], note)]))


def naive_way(folder: Path) -> Way:
    """A file and a row per object."""
    objects = folder / "naive"
    objects.mkdir()
    database = folder / "naive.db"
    with sqlite3.connect(database) as made:
        made.execute("PRAGMA journal_mode=WAL")
        made.execute("CREATE TABLE object (name TEXT PRIMARY KEY, sha256 TEXT, size INTEGER)")

    def worker() -> Keep:
        connection = sqlite3.connect(database, timeout=60, isolation_level=None, check_same_thread=False)
        connection.execute("PRAGMA synchronous=FULL")

        def keep(name: str, body: bytes) -> None:
            _write_file(objects / name, body)
            row = (name, hashlib.sha256(body).hexdigest(), len(body))
            connection.execute("INSERT INTO object VALUES (?, ?, ?)", row)

        return keep

    return Way("naive", worker)


def disk_alone(folder: Path, writers: int) -> Way:
    """The floor under every way: bytes at the end of a file, one sync for as many objects as there are writers."""
    descriptor = os.open(folder / "alone", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    waiting = []

    def keep(_name: str, body: bytes) -> None:
        waiting.append(os.write(descriptor, body))
        if len(waiting) == writers:
            os.fdatasync(descriptor)
            waiting.clear()

    return Way("disk", lambda: keep)


def _write_file(path: Path, body: bytes) -> None:
    temporary = path.with_suffix(".part")
    with temporary.open("wb") as file:
        file.write(body)
        file.flush()
        os.fsync(file.fileno())
    temporary.rename(path)
    folder = os.open(path.parent, os.O_RDONLY)
    os.fsync(folder)
    os.close(folder)


def measure(folder: Path, writers: int, rounds: int, objects: int) -> str:
    """Alternate the two ways and return a row of the table."""
    vault, naive, disk = ways = [vault_way(folder), naive_way(folder), disk_alone(folder, writers)]
    for turn in range(rounds):
        for way in ways if turn % 2 else ways[::-1]:
            way.round(1 if way is disk else writers, objects)
    ratios = sorted(ours / theirs for ours, theirs in zip(vault.rates, naive.rates, strict=True))
    share = statistics.median(ours / floor for ours, floor in zip(vault.rates, disk.rates, strict=True))
    rate = [statistics.median(way.rates) for way in ways]
    cpu = [statistics.median(way.cpu) for way in ways]
    cells = [
        f"{rate[0]:.0f}/s",
        f"{rate[1]:.0f}/s",
        f"{rate[2]:.0f}/s",
        f"{statistics.median(ratios):.1f}x ({ratios[0]:.1f}-{ratios[-1]:.1f})",
        f"{100 * share:.0f} %",
    ]
    return f"| {writers} | {' | '.join(cells)} | {cpu[0]:.2f} ms | {cpu[1]:.2f} ms |"


def main() -> None:
    """Measure, print, and with --write keep the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--objects", type=int, default=48)
    parser.add_argument("--folder", type=Path, help="where to write; a disk, not tmpfs")
    parser.add_argument("--write", action="store_true", help="append to benchmarks/results.md")
    options = parser.parse_args()
    place = Path(tempfile.mkdtemp(dir=options.folder, prefix="bench-vault-"))
    lines = [
        "| writers | vault | naive | disk alone | vault/naive (range) | vault/disk | vault CPU/each | naive CPU/each |",
        "|---|---|---|---|---|---|---|---|",
    ]
    try:
        for writers in (1, 4):
            folder = place / str(writers)
            folder.mkdir()
            lines.append(measure(folder, writers, options.rounds, options.objects))
    finally:
        shutil.rmtree(place)
    table = "\n".join(lines)
    print(f"Durable 0.5 MB objects: the vault encrypts, the naive way does not.\n\n{table}")
    if options.write:
        machine = f"{os.cpu_count()} cores, {platform.system()}"
        heading = f"\n## Vault (`make bench-vault`), {time.strftime('%Y-%m-%d')}, {machine}\n\n"
        with RESULTS.open("a", encoding="utf-8") as file:
            file.write(heading + table + "\n")


if __name__ == "__main__":
    main()
