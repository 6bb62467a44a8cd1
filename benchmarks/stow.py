"""How fast scans come in over STOW-RS, beside Orthanc's DICOMweb plugin, with one `http.client` as the sender.

    python benchmarks/stow.py --slices 100 --rounds 5

Both servers run at once and get the same new slices in turn, so many in one body; before each turn the disk is synced.
Scanward encrypts, syncs and indexes before it answers; Orthanc does neither encrypt nor sync. Needs `Orthanc` with its
DICOMweb plugin.
"""

import http.client
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import click
import psutil
from intake import base, copies, orthanc, started

from rooms.intake.listening import environment, make_place

BOUNDARY = "3d6b6a416f9b4d4fb5c5a1d0e2f7b8c9"  # as long as clients' usual ones
RELATED = f'multipart/related; type="application/dicom"; boundary={BOUNDARY}'


@contextmanager
def scanward(place: Path, port: int) -> Iterator[tuple[int, psutil.Process, str]]:
    """The web server, and a key for a machine that stores."""
    command = [sys.executable, "-m", "scanward.cli"]
    settings = {**environment(make_place(place)), "SCANWARD_PORT": str(port)}
    key = subprocess.run([*command, "key", "add", "bench"], env=settings, check=True, capture_output=True, text=True)
    with started([*command, "serve"], port, nodelay=False, environment=settings) as process:
        yield port, process, f"Bearer {key.stdout.strip()}"


def body(folder: Path) -> bytes:
    """All files of a folder as one body."""
    mark = b"--" + BOUNDARY.encode()
    head = mark + b"\r\nContent-Type: application/dicom\r\n\r\n"
    return b"".join(head + path.read_bytes() + b"\r\n" for path in sorted(folder.iterdir())) + mark + b"--\r\n"


def post(port: int, content: bytes, key: str) -> float:
    """Send one body; the seconds until the whole answer was there."""
    headers = {"Content-Type": RELATED, "Accept": "application/dicom+json", **({"Authorization": key} if key else {})}
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
    begun = time.perf_counter()
    connection.request("POST", "/dicom-web/studies", content, headers)
    answer = connection.getresponse()
    told = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{answer.status}: {told[:200]!r}")
    return time.perf_counter() - begun


def spent(process: psutil.Process) -> float:
    """CPU seconds of a server and its workers."""
    return sum(sum(each.cpu_times()[:2]) for each in [process, *process.children(recursive=True)])


@click.command()
@click.option("--slices", "count", default=100, show_default=True)
@click.option("--rounds", default=5, show_default=True)
def main(count: int, rounds: int) -> None:
    """Compare."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        place = Path(name)
        mine, process, key = stack.enter_context(scanward(place / "scanward", 24301))
        port, theirs = stack.enter_context(orthanc(place / "orthanc", 24310, nodelay=False))
        servers = {"scanward": (mine, process, key), "Orthanc": (port + 1, theirs, "")}
        original = base(place / "base", count)
        rates: dict[str, list[float]] = {who: [] for who in servers}
        cpu: dict[str, list[float]] = {who: [] for who in servers}
        for number in range(1000, 1001 + rounds):  # the first turn warms both up, and does not count
            fresh = copies(original, place / f"round-{number}", number)
            content = body(fresh)
            shutil.rmtree(fresh)
            for who, (at, running, secret) in servers.items():
                os.sync()
                before, seconds = spent(running), post(at, content, secret)
                if number > 1000:
                    rates[who].append(count / seconds)
                    cpu[who].append((spent(running) - before) / count * 1000)
        print("| server | slices/s (median) | CPU a slice |\n|---|---|---|")
        for who, found in rates.items():
            print(f"| {who} | {statistics.median(found):.0f} | {statistics.median(cpu[who]):.2f} ms |")
        ratios = [a / b for a, b in zip(rates["scanward"], rates["Orthanc"], strict=True)]
        print(f"\nscanward is {statistics.median(ratios):.1f} times ({min(ratios):.1f} to {max(ratios):.1f})")


if __name__ == "__main__":
    main()
