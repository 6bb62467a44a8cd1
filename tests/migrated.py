"""An empty database as the migrations leave it: they run once for these migrations, and every place gets a copy.

Running them takes some twenty times as long as anything else that a place needs before it can be used.
"""

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
KEPT = REPOSITORY / ".pytest_cache" / "scanward"
# The guards are all that a migration takes from elsewhere; the lock names the Django whose migrations run, too.
MADE_FROM = ("src/scanward/*/migrations/*.py", "src/scanward/audit/guards.py", "requirements/run.lock")
MIGRATE = "import django; django.setup(); from django.core.management import call_command as c; c('migrate')"


def put_database(database: Path, key: Path) -> None:
    """Copy the database and its key there; the files of neither may be there yet."""
    kept = _made()
    key.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    for file, there in ((kept / "scanward.db", database), (kept / "keys" / "database.key", key)):
        assert not there.exists(), there
        shutil.copy(file, there)


@cache
def _made() -> Path:
    """Return the folder of what was made, and make it if nobody has yet; whoever comes meanwhile waits."""
    digest = hashlib.sha256(sys.version.encode())
    for file in sorted(path for pattern in MADE_FROM for path in REPOSITORY.glob(pattern)):
        digest.update(file.read_bytes())
    KEPT.mkdir(parents=True, exist_ok=True)
    kept = KEPT / f"migrated-{digest.hexdigest()[:16]}"
    with (KEPT / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not kept.exists():
            for old in KEPT.glob("migrated-*"):
                shutil.rmtree(old)
            _make(kept)
    return kept


def _make(kept: Path) -> None:
    """Migrate in a folder of its own, which gets its name when it is whole."""
    from scanward.cli.init import make_keys

    folder = Path(tempfile.mkdtemp(dir=KEPT))
    make_keys(folder / "keys")
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SCANWARD_")}
    settings = {"DJANGO_SETTINGS_MODULE": "scanward.settings", "SCANWARD_DATA": str(folder), "SCANWARD_DEMO": "1"}
    subprocess.run([sys.executable, "-c", MIGRATE], env=clean | settings, check=True, stdout=subprocess.DEVNULL)
    folder.rename(kept)
