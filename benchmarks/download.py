"""Downloads against `cp`: a study of 1,000 slices (526 MB) out of the vault, as stored and as AES-256 ZIP.

Each round runs cp, the ZIP and the encrypted ZIP in turn, so that a busy neighbour hits all alike. The ZIP is
made in a process of its own that decrypts the objects of a real vault and sends them through a TCP connection of
the loopback interface to a process that reads them, as a browser does; the memory told is the sender's peak. The
time to the first byte begins with reading the index: it holds opening the vault, laying out the archive and
decrypting one slice.
Run: python benchmarks/download.py [--slices 1000] [--rounds 3]
"""

import argparse
import hashlib
import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

from scanward.bundles.aes_zip import Aes256
from scanward.bundles.members import Member
from scanward.bundles.zip_stream import ZipStream
from scanward.vault import FolderStorage, Keyring, MasterKey, NewObject, Vault

SLICE = 526_000
MASTER = hashlib.sha256(b"benchmark").digest()
READER = """
import socket
coming, into = socket.socket(fileno=0), bytearray(1 << 18)
while coming.recv_into(into):
    pass
"""
PASSPHRASE = "40718-22963-05814-77120-93485"


def vault_of(root: Path) -> Vault:
    return Vault(FolderStorage(root / "vault"), Keyring(MasterKey(MASTER)))


def make_study(root: Path, slices: int) -> None:
    """Write the slices plain (for cp) and into a vault (for the ZIP), and the index that intake keeps."""
    (root / "plain").mkdir()
    vault = vault_of(root)
    key, index = vault.new_key(), []
    for number in range(slices):
        data = os.urandom(SLICE)
        (root / "plain" / f"IM{number + 1:04}.dcm").write_bytes(data)
        stored = vault.put([NewObject(key, f"{number}", (data,), b"{}")])[0]
        index.append([stored.locator, key, f"{number}", stored.size, stored.crc32, stored.sha256])
    (root / "index.json").write_text(json.dumps(index))


def members_of(root: Path) -> list[Member]:
    vault, index = vault_of(root), json.loads((root / "index.json").read_text())
    return [
        Member(
            f"images/1-chest/IM{int(identity) + 1:04}.dcm",
            size,
            crc,
            digest,
            partial(vault.open, *place, identity),
        )
        for *place, identity, size, crc, digest in index
    ]


def worker(root: Path, encrypted: bool) -> None:
    """Make the archive into standard output; tell time to first byte and peak memory on standard error."""
    begun = time.perf_counter()
    members = members_of(root)
    body = Aes256(PASSPHRASE, seed=bytes(16)) if encrypted else None
    stream = ZipStream(members, at=datetime(2026, 11, 23, tzinfo=UTC), body=body)
    first, sent = 0.0, 0
    for piece in stream.iterate():
        first = first or time.perf_counter() - begun
        view = memoryview(piece)
        while view:
            view = view[os.write(1, view) :]
        sent += len(piece)
    assert sent == stream.size
    used = resource.getrusage(resource.RUSAGE_SELF)
    told = {
        "seconds": time.perf_counter() - begun,
        "first": first,
        "memory": used.ru_maxrss / 1024,
        "cpu": used.ru_utime + used.ru_stime,
    }
    sys.stderr.write(json.dumps(told))


def run_worker(root: Path, kind: str) -> dict[str, float]:
    command = [sys.executable, __file__, "--worker", kind, "--root", str(root)]
    with (
        socket.create_server(("127.0.0.1", 0)) as server,
        socket.create_connection(server.getsockname()) as near,
        server.accept()[0] as far,
        subprocess.Popen(command, stdout=near.fileno(), stderr=subprocess.PIPE) as made,
        subprocess.Popen([sys.executable, "-c", READER], stdin=far.fileno()) as reader,
    ):
        near.close()
        far.close()
        assert made.stderr is not None
        said = made.stderr.read().decode()
        reader.wait()
    if made.returncode or reader.returncode:
        raise SystemExit(f"The worker failed:\n{said}")
    told: dict[str, float] = json.loads(said)
    return told


def run_copy(root: Path) -> float:
    shutil.rmtree(root / "copy", ignore_errors=True)
    begun = time.perf_counter()
    subprocess.run(["cp", "-r", str(root / "plain"), str(root / "copy")], check=True)
    return time.perf_counter() - begun


def compare(slices: int, rounds: int, place: Path | None) -> dict[str, Any]:
    results: dict[str, list[Any]] = {"cp": [], "zip": [], "aes": []}
    with tempfile.TemporaryDirectory(dir=place) as folder:
        root = Path(folder)
        make_study(root, slices)
        for _ in range(rounds):
            results["cp"].append(run_copy(root))
            results["zip"].append(run_worker(root, "zip"))
            results["aes"].append(run_worker(root, "aes"))
    return results


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--slices", type=int, default=1000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--place", type=Path, help="where to work (default: the temporary folder)")
    options.add_argument("--worker", choices=["zip", "aes"], help=argparse.SUPPRESS)
    options.add_argument("--root", type=Path, help=argparse.SUPPRESS)
    chosen = options.parse_args()
    if chosen.worker:
        worker(chosen.root, chosen.worker == "aes")
        return
    results = compare(chosen.slices, chosen.rounds, chosen.place)
    megabytes = chosen.slices * SLICE / 1e6
    copy = median(results["cp"])
    print(f"{chosen.slices} slices, {megabytes:.0f} MB, median of {chosen.rounds} interleaved rounds")
    print(f"cp -r            {megabytes / copy:6.0f} MB/s")
    for name, label in (("zip", "stored ZIP"), ("aes", "AES-256 ZIP")):
        runs = results[name]
        seconds = median(run["seconds"] for run in runs)
        print(
            f"{label:<16} {megabytes / seconds:6.0f} MB/s   {copy / seconds:.2f} of cp   "
            f"first byte {1000 * median(run['first'] for run in runs):.0f} ms   "
            f"worker {max(run['memory'] for run in runs):.0f} MB   "
            f"CPU {median(run['cpu'] for run in runs):.2f} s"
        )


if __name__ == "__main__":
    main()
