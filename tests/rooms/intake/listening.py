"""A real `scanward listen`, in a process and a place of its own, and what a test needs to talk to it."""

import os
import shutil
import socket
import struct
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import psutil
from sqlcipher3 import dbapi2 as cipher

from migrated import put_database
from scanward.cli.init import make_keys

START_SECONDS = 240


def environment(place: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("SCANWARD_")}
    settings = {"DATA": place, "DEMO": "1", "FACILITY_ISSUER": "LAKESIDE", "DICOM_PORT": "0", "HL7_PORT": "0"}
    settings["LOG_LEVEL"] = "INFO"
    return {**kept, **{f"SCANWARD_{name}": str(value) for name, value in settings.items()}}


def make_place(place: Path) -> Path:
    """Keys and an empty database."""
    put_database(place / "scanward.db", place / "keys" / "database.key")
    make_keys(place / "keys")
    return place


def _target(descriptor: Path) -> str:
    """What a descriptor stands for; nothing when it was closed meanwhile."""
    try:
        return os.readlink(descriptor)
    except FileNotFoundError:
        return ""


@dataclass
class Listening:
    """The running listener."""

    place: Path
    process: subprocess.Popen = field(repr=False)
    ports: list[int]

    @property
    def port(self) -> int:
        return self.ports[0]

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=240)

    def processes(self) -> list[psutil.Process]:
        """The first process and its siblings."""
        first = psutil.Process(self.process.pid)
        return [first, *first.children(recursive=True)]

    def memory(self) -> int:
        return sum(each.memory_info().rss for each in self.processes())

    def descriptors(self) -> int:
        return sum(each.num_fds() for each in self.processes())

    def handles(self) -> tuple[int, int]:
        """How many files and sockets are open, and apart from them handles of the database: SQLite closes such a
        handle only when no other one of its process holds a lock, so some stay for the next who needs one.
        """
        folders = [Path(f"/proc/{each.pid}/fd") for each in self.processes()]
        names = [_target(descriptor) for folder in folders for descriptor in folder.iterdir()]
        database = sum("scanward.db" in name for name in names)
        return len(names) - names.count("") - database, database

    def ask(self, sql: str, *values: object) -> list[tuple]:
        """Look into its database, as nobody else could."""
        connection = cipher.connect(self.place / "scanward.db", timeout=600)
        key = (self.place / "keys" / "database.key").read_text().strip()
        connection.execute(f"PRAGMA key = \"x'{key}'\"")
        try:
            return connection.execute(sql, values).fetchall()
        finally:
            connection.close()

    def count(self, table: str, uid: str) -> int:
        return self.ask(f"SELECT count(*) FROM archive_{table} WHERE sop_instance_uid = ?", uid)[0][0]

    def told(self, kind: str, text: str = "") -> int:
        """How many entries of the ledger are of this kind and hold this text; waits a moment for the first."""
        sql = "SELECT count(*) FROM audit_entry WHERE kind = ? AND instr(body, ?)"
        until = time.monotonic() + START_SECONDS
        while not (found := self.ask(sql, kind, text)[0][0]) and time.monotonic() < until:
            time.sleep(0.05)
        return found

    def stop(self) -> int:
        self.process.terminate()
        code = self.process.wait(240)
        assert self.process.stdout
        self.process.stdout.close()
        return code


def listen(
    place: Path, toml: str = "", listeners: int = 1, under: Sequence[str] = (), workers: int | None = None
) -> Listening:
    """Start it, under another program if need be, and wait until it listens; with so many processes, or as it is."""
    if toml:
        (place / "dicom.toml").write_text(toml)
    command = [*under, sys.executable, "-m", "scanward.cli", "listen"]
    log = (place / "log").open("ab")
    told = {} if workers is None else {"SCANWARD_LISTEN_WORKERS": str(workers)}
    process = subprocess.Popen(command, env=environment(place) | told, stdout=subprocess.PIPE, stderr=log)
    log.close()
    assert process.stdout
    lines = [process.stdout.readline().decode() for _ in range(listeners)]
    assert all("Listening" in line for line in lines), (lines, (place / "log").read_text())
    return Listening(place, process, [int(line.rsplit(" ", 1)[1]) for line in lines])


def copy_of(template: Path, place: Path) -> Path:
    shutil.copytree(template, place)
    return place


def pdu(kind: int, body: bytes) -> bytes:
    return struct.pack(">BBI", kind, 0, len(body)) + body


def item(kind: int, content: bytes) -> bytes:
    return struct.pack(">BBH", kind, 0, len(content)) + content


def associate(calling: str = "TESTS", context: str = "1.2.840.10008.1.1", syntax: str = "1.2.840.10008.1.2") -> bytes:
    """An A-ASSOCIATE-RQ with one presentation context."""
    titles = b"SCANWARD".ljust(16) + calling.encode().ljust(16) + bytes(32)
    wanted = bytes((1, 0, 0, 0)) + item(0x30, context.encode()) + item(0x40, syntax.encode())
    user = item(0x51, struct.pack(">I", 16384)) + item(0x52, b"1.2.3")
    body = b"\0\1\0\0" + titles + item(0x10, b"1.2.840.10008.3.1.1.1") + item(0x20, wanted) + item(0x50, user)
    return pdu(1, body)


def rest_of(sock: socket.socket, seconds: float = 240) -> bytes:
    """Everything that still comes, until the other side closes."""
    sock.settimeout(seconds)
    found = b""
    try:
        while piece := sock.recv(65536):
            found += piece
    except ConnectionResetError:
        pass
    return found


@cache
def program(name: str) -> str | None:
    return shutil.which(name)
