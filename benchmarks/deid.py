"""De-identification against copying and against peers, interleaved, by CPU time.

Each command finds the machine as every other does: what the one before wrote is removed, the disk has rested, and the
order is another one in each round. On a virtual machine whoever wrote beside what others had just written was seen to
pay up to six times as much (`cp -r` four times in a row: 0.40, 0.85, 1.18, 2.42 s), and `cp` came first.

`python benchmarks/deid.py [--files 1296] [--rounds 5] [--source FOLDER]`. The unit is `cp -r` on the same files: ratios
travel, seconds do not. The research profile runs with evidence off and with the independent check on. Peers take part
where they are installed: gdcmanon (Debian's libgdcm-tools), dicognito, Kitware's dicom-anonymizer and pydicom's deid
(`python -m venv PEERS; PEERS/bin/pip install dicognito dicom-anonymizer deid`, then `--peers PEERS`).
"""

import argparse
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from scanward.deid.keyed import Project, write_key

HERE = Path(__file__).resolve().parent.parent
# ext4 walks past every inode deleted in the last 5 s when it makes a file: whoever ran next would pay for it.
_REST = 6
SHARED = HERE.parent / "shared" / "data" / "ct" / "philips-phantom" / "S2010"


def corpus(root: Path, source: Path, count: int) -> None:
    """Series of CT files, each copy of the source series under UIDs of its own (of the same length)."""
    originals = [p for p in sorted(source.rglob("*")) if p.is_file() and p.read_bytes()[128:132] == b"DICM"]
    originals = [p for p in originals if p.stat().st_size > 100_000]
    for number in range(count):
        copy, original = divmod(number, len(originals))
        data = originals[original].read_bytes()
        folder = root / f"series{copy:03d}"
        folder.mkdir(parents=True, exist_ok=True)
        marked = data.replace(b".46.670589.33.1.", b".46.6705%02d.33.1." % (10 + copy))
        (folder / f"{original:04d}.dcm").write_bytes(marked)


def cpu(command: list[str]) -> tuple[float, int]:
    """CPU seconds and the largest resident set (MB) of a command and its children."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment())
    _, status, usage = os.wait4(process.pid, 0)
    if os.waitstatus_to_exitcode(status) not in (0, 3):
        return float("nan"), 0
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024


def environment() -> dict[str, str]:
    """An installed package has its bytecode; a checkout on a machine that writes none would compile on every start."""
    return {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"} | {
        "PYTHONPYCACHEPREFIX": str(Path(tempfile.gettempdir()) / "scanward-bench-pyc")
    }


# Called through their Python: one's command lacks its arguments, one reads a single folder, one has no command.
_DICOGNITO = "import sys; from dicognito.__main__ import main; main(sys.argv[1:])"
_KITWARE = """
import os, sys
from dicomanonymizer.anonymizer import main
source, out = sys.argv[1:]
for folder in sorted(os.listdir(source)):
    sys.argv[1:] = [os.path.join(source, folder), os.path.join(out, folder)]
    os.makedirs(sys.argv[2])
    main()
"""
_DEID = """
import os, sys
from deid.dicom import get_files, replace_identifiers
files = list(get_files(sys.argv[1]))
os.makedirs(sys.argv[2])
replace_identifiers(dicom_files=files, save=True, output_folder=sys.argv[2], overwrite=True)
"""


def certificate(place: Path) -> None:
    """A certificate `c.pem` for gdcmanon, which does not run its profile without one."""
    name = ["-subj", "/CN=benchmark", "-days", "2"]
    files = ["-keyout", str(place / "k.pem"), "-out", str(place / "c.pem")]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", *name, *files],
        check=True,
        stderr=subprocess.DEVNULL,
    )


def contestants(place: Path, peers: Path) -> dict[str, list[str]]:
    """Each one's command; `{out}` stands for a new folder each time."""
    source, out, key = str(place / "in"), "{out}", str(place / "k.toml")
    ours = [sys.executable, "-m", "scanward.cli.deid", source, out, "--profile", "research", "--project", key]
    ours += ["--keep-faces", "a phantom", "--keep-scouts", "a phantom", "--quiet"]
    ours += ["--deface", "off", "--text", "off"]  # headers against headers: no peer looks at pixels
    found = {
        "cp -r": ["cp", "-r", source, out],
        "scanward, evidence off": [*ours, "--no-evidence"],
        "scanward, independent check": [*ours, "--no-hashes"],
        "scanward, check and hashes": ours,
    }
    # Its profile (PS3.15 E.1.1) seals what it took away for a certificate's owner; the dumb mode changes three tags.
    emptied = ["--empty", "10,10", "--empty", "10,20", "--remove", "8,80"]
    if program := shutil.which("gdcmanon"):
        found["gdcmanon, its profile"] = [program, "-e", "-c", str(place / "c.pem"), "-r", "-i", source, "-o", out]
        found["gdcmanon, three tags"] = [program, "--dumb", *emptied, "-r", "-i", source, "-o", out]
    python = str(peers / "bin" / "python")
    installed = {name for name in ("dicognito", "dicom-anonymizer", "deid") if (peers / "bin" / name).exists()}
    others = {
        "dicognito": [python, "-c", _DICOGNITO, "--output-directory", out, source],
        "dicom-anonymizer": [python, "-c", _KITWARE, source, out],
        "deid": [python, "-c", _DEID, source, out],
    }
    found |= {name: command for name, command in others.items() if name in installed}
    return found


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--files", type=int, default=1296)
    options.add_argument("--rounds", type=int, default=5)
    options.add_argument("--source", type=Path, default=SHARED)
    options.add_argument("--peers", type=Path, default=Path(sys.prefix), help="A virtual environment that holds them.")
    asked = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        corpus(place / "in", asked.source, asked.files)
        write_key(place / "k.toml", Project("benchmark", b"b" * 32))
        certificate(place)
        commands = contestants(place, asked.peers)
        times: dict[str, list[float]] = {name: [] for name in commands}
        os.sync()
        memory: dict[str, int] = {}
        for turn in range(asked.rounds + 1):  # the first round warms caches and doesn't count
            for name in random.Random(turn).sample(list(commands), len(commands)):
                out = place / "out"
                seconds, resident = cpu([part.replace("{out}", str(out)) for part in commands[name]])
                if turn:
                    times[name].append(seconds)
                    memory[name] = max(memory.get(name, 0), resident)
                shutil.rmtree(out, ignore_errors=True)
                os.sync()
                time.sleep(_REST)
        unit = statistics.median(times["cp -r"])
        print(f"{asked.files} files, {asked.rounds} rounds; cp -r {unit:.3f} s CPU")
        for name, seconds in times.items():
            ratios = [s / c for s, c in zip(seconds, times["cp -r"], strict=True)]
            print(
                f"{name:30} {statistics.median(seconds):7.3f} s "
                f"{statistics.median(ratios):6.2f} x cp ({min(ratios):.2f} to {max(ratios):.2f})  {memory[name]} MB"
            )


if __name__ == "__main__":
    main()
