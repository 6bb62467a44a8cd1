"""How fast scans come in over DICOM, beside Orthanc and dcmtk's storescp.

    python benchmarks/intake.py --slices 100 --rounds 5
    python benchmarks/intake.py --rounds 0 --memory 20000

The sender is dcmtk's storescu. All receivers run at once and get the same new slices in turn, in another order each
time, so that what else the machine does hits them alike (who writes first may get memory that costs less); before each
turn the disk is synced, so that nobody pays for what another left unwritten. Scanward encrypts, syncs and indexes
before it answers; Orthanc and storescp do neither encrypt nor sync. A storescu costs 20 to 50 ms of CPU before it sends
anything, so with few slices the start of four senders is more than what any receiver does: compare four associations
with 240 slices or more. Needs `storescu`, `storescp` (dcmtk) and `Orthanc` with its DICOMweb in the path; what is
missing is left out.
"""

import json
import os
import random
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from io import BytesIO
from pathlib import Path

import click
import numpy as np
import psutil
import pydicom
from pydicom import Dataset

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
from rooms.dicom.making import ct
from rooms.intake.listening import Listening, listen, make_place

DICOMWEB = "/usr/share/orthanc/plugins/libOrthancDicomWeb.so"
ORTHANC = {"RemoteAccessAllowed": False, "AuthenticationEnabled": False, "DicomAlwaysAllowStore": True, "Plugins": []}
NODELAY = {"TCP_NODELAY": "1"}
# In an activated environment pynetdicom's own storescu and storescp would hide dcmtk's.
OTHERS = os.pathsep.join(p for p in os.environ["PATH"].split(os.pathsep) if Path(p) != Path(sys.prefix) / "bin")
ENVIRONMENT = {**os.environ, "PATH": OTHERS}


@contextmanager
def scanward(place: Path) -> Iterator[Listening]:
    running = listen(make_place(place))
    try:
        yield running
    finally:
        running.stop()


@contextmanager
def orthanc(place: Path, port: int, *, nodelay: bool) -> Iterator[tuple[int, psutil.Process]]:
    place.mkdir()
    settings = {**ORTHANC, "StorageDirectory": str(place), "IndexDirectory": str(place)}
    if Path(DICOMWEB).exists():
        settings |= {"Plugins": [DICOMWEB], "DicomWeb": {"Enable": True}}
    (place / "o.json").write_text(json.dumps({**settings, "DicomPort": port, "HttpPort": port + 1}))
    with started(["Orthanc", str(place / "o.json")], port, nodelay=nodelay) as process:
        yield port, process


@contextmanager
def storescp(place: Path, port: int, *, nodelay: bool) -> Iterator[tuple[int, psutil.Process]]:
    place.mkdir()
    with started(["storescp", "--fork", "-od", str(place), str(port)], port, nodelay=nodelay) as process:
        yield port, process


@contextmanager
def started(
    command: list[str], port: int, *, nodelay: bool, environment: dict[str, str] | None = None
) -> Iterator[psutil.Process]:
    environment = environment or {**ENVIRONMENT, **(NODELAY if nodelay else {})}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(1200):
        with suppress(OSError), socket.create_connection(("127.0.0.1", port)):
            break
        time.sleep(0.05)
    try:
        yield psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(20)


def copies(source: Path, folder: Path, number: int) -> Path:
    """The same slices under new UIDs of the same length, so that nothing else differs."""
    folder.mkdir()
    for path in source.iterdir():
        (folder / path.name).write_bytes(path.read_bytes().replace(b".4242", b".%04d" % number))
    return folder


def header(made: Dataset) -> None:
    """Fill a slice's header up to what scanners write: about 110 elements, private ones and sequences among them."""
    for group, name in ((0x0019, "BENCH ACQU"), (0x0021, "BENCH RELA"), (0x0043, "BENCH PARM")):
        block = made.private_block(group, name, create=True)
        for number in range(12):
            vr, value = (("DS", f"{number * 1.25:.3f}"), ("SH", f"value {number}"), ("US", number))[number % 3]
            block.add_new(0x10 + number, vr, value)
    words = (
        "ImageType=ORIGINAL\\PRIMARY\\AXIAL Manufacturer=Bench InstitutionName=Lakeside ReferringPhysicianName=Bench^R "
    )
    words += "StationName=CT1 StudyDescription=CT_CHEST SeriesDescription=Axial_1.25 OperatorsName=Bench^O "
    words += "ManufacturerModelName=Bench_64 DeviceSerialNumber=4711 SoftwareVersions=7.1 ProtocolName=Chest_routine "
    words += (
        "PatientPosition=HFS BodyPartExamined=CHEST ScanOptions=HELICAL FilterType=BODY ConvolutionKernel=STANDARD "
    )
    words += "RotationDirection=CW StudyID=4242 PositionReferenceIndicator=SN WindowCenterWidthExplanation=LUNG "
    words += "PatientBirthDate=19610417 PatientSex=F PatientAge=065Y StudyDate=20260312 SeriesDate=20260312 "
    words += "AcquisitionDate=20260312 ContentDate=20260312 StudyTime=101500 SeriesTime=101512 AccessionNumber=A4242 "
    words += "FrameOfReferenceUID=1.2.3.9 RescaleType=HU PatientComments=none AdmittingDiagnosesDescription=cough"
    for word in words.split():
        setattr(made, *word.split("=", 1))
    numbers = (
        "KVP=120 XRayTubeCurrent=310 ExposureTime=500 Exposure=155 DataCollectionDiameter=500 GantryDetectorTilt=0 "
    )
    numbers += "ReconstructionDiameter=360 DistanceSourceToDetector=1085 DistanceSourceToPatient=595 TableHeight=150 "
    numbers += "GeneratorPower=37 FocalSpots=1.2 SeriesNumber=2 AcquisitionNumber=1 "
    numbers += "SliceThickness=1.25 SpacingBetweenSlices=1.25 PatientWeight=71 WindowCenter=-500 WindowWidth=1500"
    for word in numbers.split():
        setattr(made, *word.split("=", 1))
    made.SpiralPitchFactor, made.CTDIvol = 0.98, 9.4
    made.PixelSpacing, made.ImageOrientationPatient = ["0.703", "0.703"], [1, 0, 0, 0, 1, 0]
    item = Dataset()
    item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = "1.2.840.10008.3.1.2.3.1", "1.2.3.4.5"
    made.ReferencedStudySequence = made.ReferencedImageSequence = [item]
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = "CTCHEST", "99LOCAL", "CT of the chest"
    made.ProcedureCodeSequence = [code]


def base(folder: Path, count: int) -> Path:
    """Slices with a real-size header whose UIDs end in the mark that `copies` replaces."""
    folder.mkdir()
    noise = np.random.default_rng(1)
    for number in range(count):
        made = pydicom.dcmread(BytesIO(ct()))
        header(made)
        made.Rows = made.Columns = 512
        made.PatientID, made.PatientName, made.InstanceNumber = "BENCH-1", "Bench^Mark", number + 1
        made.StudyInstanceUID, made.SeriesInstanceUID = "1.2.3.4242", "1.2.3.1.4242"
        made.SOPInstanceUID = made.file_meta.MediaStorageSOPInstanceUID = f"1.2.3.2.{number + 1}.4242"
        made.ImagePositionPatient, made.SliceLocation = [-180, -180, number * 1.25], number * 1.25
        made.AcquisitionTime = made.ContentTime = f"1015{number // 60 % 60:02}.{number % 60:06}"
        made.InstanceCreationTime = f"1016{number // 60 % 60:02}.{number % 60:06}"
        made.PixelData = noise.integers(0, 2000, 512 * 512, dtype=np.uint16).tobytes()
        made.save_as(folder / f"{number:05}.dcm")
    return folder


def send(port: int, folder: Path, *, nodelay: bool, together: int) -> float:
    """Send a folder over so many associations at once; the seconds that it took."""
    files = sorted(map(str, folder.iterdir()))
    shares = [files[start::together] for start in range(together)]
    environment = {**ENVIRONMENT, **(NODELAY if nodelay else {})}
    begun = time.perf_counter()
    senders = [subprocess.Popen(["storescu", "127.0.0.1", str(port), *share], env=environment) for share in shares]
    for sender in senders:
        if sender.wait(600):
            raise RuntimeError("A receiver refused something.")
    return time.perf_counter() - begun


Receivers = dict[tuple[str, bool], tuple[int, psutil.Process]]


def spent_by(first: psutil.Process) -> float:
    """The CPU seconds of a receiver's processes."""
    return sum(sum(each.cpu_times()[:2]) for each in (first, *first.children(recursive=True)))


def compare(place: Path, receivers: Receivers, *, count: int, rounds: int) -> None:
    """Send the same new slices to everybody in turn; print the rates, and what a slice costs us."""
    original, number = base(place / "base", count), 1000
    rates: dict[tuple[str, bool, int], list[float]] = {}
    cpu: dict[tuple[bool, int], list[float]] = {}
    for _ in range(rounds):
        for nodelay, together in ((False, 1), (True, 1), (True, 4)):
            number += 1
            fresh = copies(original, place / f"round-{number}", number)
            for (who, tuned), (port, process) in random.Random(number).sample(list(receivers.items()), len(receivers)):
                if tuned is not nodelay:
                    continue
                os.sync()
                before = spent_by(process)
                seconds = send(port, fresh, nodelay=nodelay, together=together)
                rates.setdefault((who, nodelay, together), []).append(count / seconds)
                if who == "scanward":
                    spent = (spent_by(process) - before) / count * 1000
                    cpu.setdefault((nodelay, together), []).append(spent)
            shutil.rmtree(fresh)
    show(rates)
    print()
    for (nodelay, together), spent in cpu.items():
        kind = "TCP_NODELAY" if nodelay else "as shipped"
        width = f"{min(spent):.2f} to {max(spent):.2f}"
        print(f"scanward, {kind}, {together}: {statistics.median(spent):.2f} ms of CPU a slice ({width})")


def visible(running: Listening) -> None:
    """Print how long it takes from the last slice's answer until the index has all, as the patient's pages ask it."""
    from rooms.intake.senders import association, slice_of

    waits = []
    for number in range(20):
        with association(running.port) as found:
            for _ in range(20):
                one = slice_of("BENCH-2", study=f"1.2.3.88.{number}")
                assert found.send_c_store(one).Status == 0
            begun = time.perf_counter()
            while not running.count("instance", one.SOPInstanceUID):
                time.sleep(0.002)
            waits.append((time.perf_counter() - begun) * 1000)
    print(
        f"scanward: indexed and told {statistics.median(waits):.0f} ms after the last slice (at most {max(waits):.0f}),"
    )
    print("the sender still connected; when it releases its association, before the release is answered.")


def memory(running: Listening, place: Path, count: int) -> None:
    """Send so many slices and print the memory of each process on the way."""
    step = 500
    original = base(place / "memory", step)
    for number in range(5000, 5000 + count // step):
        fresh = copies(original, place / f"memory-{number}", number)
        send(running.port, fresh, nodelay=True, together=2)
        shutil.rmtree(fresh)
        if (number - 4999) % 4 == 0:
            resident = [each.memory_info().rss >> 20 for each in running.processes()]
            print(f"{(number - 4999) * step:6} slices: {resident} MB", flush=True)


@click.command()
@click.option("--slices", "count", default=240, show_default=True)
@click.option("--rounds", default=3, show_default=True)
@click.option("--memory", "many", default=0, help="Also send so many slices to Scanward alone.")
def main(count: int, rounds: int, many: int) -> None:
    """Compare."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        place = Path(name)
        running = stack.enter_context(scanward(place / "scanward"))
        mine = running.port, psutil.Process(running.process.pid)
        receivers: Receivers = {("scanward", False): mine, ("scanward", True): mine}
        if rounds and shutil.which("Orthanc"):
            receivers["Orthanc", False] = stack.enter_context(orthanc(place / "o1", 24242, nodelay=False))
            receivers["Orthanc", True] = stack.enter_context(orthanc(place / "o2", 24252, nodelay=True))
        if rounds:
            receivers["storescp", False] = stack.enter_context(storescp(place / "s1", 24262, nodelay=False))
            receivers["storescp", True] = stack.enter_context(storescp(place / "s2", 24272, nodelay=True))
            compare(place, receivers, count=count, rounds=rounds)
        visible(running)
        memory(running, place, many)


def show(rates: dict[tuple[str, bool, int], list[float]]) -> None:
    """Print slices a second (median), and scanward's ratio to each."""
    print("| sender | associations | receiver | slices/s (median) | scanward is |\n|---|---|---|---|---|")
    for (who, nodelay, together), found in sorted(rates.items(), key=lambda row: (row[0][1], row[0][2], row[0][0])):
        mine = statistics.median(a / b for a, b in zip(rates["scanward", nodelay, together], found, strict=True))
        kind = "TCP_NODELAY on both sides" if nodelay else "as shipped"
        ratio = "" if who == "scanward" else f"{mine:.1f} times"
        print(f"| {kind} | {together} | {who} | {statistics.median(found):.0f} | {ratio} |")


if __name__ == "__main__":
    main()
