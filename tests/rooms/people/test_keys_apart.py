"""Keys lie apart from what they open (M3): whoever takes the data folder alone, or a backup of it, reads nothing."""

import os
from pathlib import Path

from django.conf import settings
from django.db import connection

from cast import Cast

KEYS = (
    "MASTER_KEY_FILE", "DATABASE_KEY_FILE", "SECRET_KEY_FILE", "MANIFEST_KEY_FILE", "LEDGER_KEY_FILE", "SEALS_KEY_FILE",
)  # fmt: skip


def everything_kept(cast: Cast) -> dict[str, bytes]:
    """Each file of the vault and its checkpoints, and all rows of the database as they are read."""
    vault = Path(settings.STORAGE)
    found = {str(path): path.read_bytes() for path in vault.rglob("*") if path.is_file()}
    assert found
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names():
            cursor.execute(f'SELECT * FROM "{table}"')
            found[table] = repr(cursor.fetchall()).encode()
    assert cast.alices.family_name.encode() in found["people_patient"]
    return found


def test_no_key_is_among_the_data(cast: Cast) -> None:
    """M3: neither as it is written in its file nor as the bytes that it means; six keys, and no two are the same."""
    files = [Path(getattr(settings, name)) for name in KEYS]
    words = [path.read_bytes().strip() for path in files]
    assert len(set(words)) == len(KEYS)
    for where, content in everything_kept(cast).items():
        for word in words:
            raw = bytes.fromhex(word.decode())
            assert word not in content and raw not in content and repr(raw).encode()[2:-1] not in content, where


def test_each_key_is_a_file_of_its_own_that_only_its_owner_reads(cast: Cast) -> None:
    """M3: none lies in the folder of the scans; each may be put elsewhere by a setting of its own."""
    vault = Path(settings.STORAGE).resolve()
    for name in KEYS:
        path = Path(getattr(settings, name)).resolve()
        assert not path.is_relative_to(vault)
        assert path.stat().st_mode & 0o077 == 0
        assert path.stat().st_uid == os.getuid()


def test_a_scan_is_no_where_readable_without_the_master_key(cast: Cast) -> None:
    """M3, fault E9: what DICOM files begin with, and whose they are, stands in no file of the vault."""
    for path in Path(settings.STORAGE).rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(word in content for word in (b"DICM\x02\x00", b"Rivera", b"LH-100482")), path.name
