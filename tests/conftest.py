"""Where the tests run: a throw-away data folder with keys of its own, on the embedded database or on PostgreSQL."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as chance

from migrated import put_database

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = REPOSITORY.parent / "shared" / "data"
# A long file that is the last leaves the other processes with nothing to do: these begin.
LONG_FILES = ("tests/browser", "tests/faults", "tests/rooms/intake", "tests/test_doors", "tests/rooms/deid")
_PLACE = Path(tempfile.mkdtemp(prefix="scanward-tests-"))


def _make_place() -> None:
    """Make the data folder, keys and environment, before Django reads its settings."""
    for name in [key for key in os.environ if key.startswith("SCANWARD_") and not key.startswith("SCANWARD_TEST_")]:
        del os.environ[name]
    # Named here and not in pyproject.toml: pytest-django would read the settings before this file is run.
    os.environ["DJANGO_SETTINGS_MODULE"] = "scanward.settings"
    os.environ["SCANWARD_DATA"] = str(_PLACE)
    os.environ["SCANWARD_DEMO"] = "1"
    os.environ["SCANWARD_TEST_DATABASE_FILE"] = str(_PLACE / "test.db")
    os.environ["SCANWARD_FACILITY_NAME"] = "Lakeside Hospital"
    keys = _PLACE / "keys"
    keys.mkdir(mode=0o700)
    put_database(_PLACE / "migrated.db", keys / "database.key")
    for name in ("secret.key", "master.key", "manifest.key", "ledger.key", "seals.key"):
        (keys / name).touch(mode=0o600)
        (keys / name).write_text(os.urandom(32).hex() + "\n")
    if os.environ.get("SCANWARD_TEST_DATABASE") == "postgresql":
        from postgres import start

        os.environ["SCANWARD_DATABASE"] = start(_PLACE / "postgres")


_make_place()
django.setup()
# No example is a timed assertion; each run tries the same examples, and `make test-long` others.
chance.register_profile(
    "house",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=not os.environ.get("SCANWARD_TEST_LONG"),
)
chance.load_profile("house")


def pytest_runtest_logstart(nodeid: str) -> None:
    """Note which test runs, for whoever must end a run that hangs (tools/run_tests.py)."""
    if (running := os.environ.get("SCANWARD_TEST_RUNNING")) and os.environ.get("PYTEST_XDIST_WORKER"):
        (Path(running) / os.environ["PYTEST_XDIST_WORKER"]).write_text(nodeid)


def pytest_sessionfinish() -> None:
    """Leave nothing behind."""
    shutil.rmtree(_PLACE, ignore_errors=True)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what is long unless asked for, and what needs a program or data that are not here; long files go first."""
    if hasattr(config, "workerinput"):  # One of several processes, which take file after file.
        items.sort(key=lambda item: not item.nodeid.startswith(LONG_FILES))
    missing = {
        "long": None if os.environ.get("SCANWARD_TEST_LONG") else "long: run `make test-long`",
        "browser": None if chromium() else "needs Chromium",
        "dcmtk": None if shutil.which("dcmdump") and shutil.which("dciodvfy") else "needs dcmtk and dicom3tools",
        "real": None if SHARED.is_dir() else "needs the real data beside the project",
    }
    for item in items:
        for name, reason in missing.items():
            if reason and item.get_closest_marker(name):
                item.add_marker(pytest.mark.skip(reason=reason))


def chromium() -> str | None:
    """Return the browser's path, if there is one."""
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The real data beside the project; the test is skipped where there is none."""
    if not SHARED.is_dir():
        pytest.skip("needs the real data beside the project")
    return SHARED


@pytest.fixture(scope="session")
def django_db_keepdb(django_db_modify_db_settings: None) -> bool:
    """Whether the test database is there already: the embedded one is a copy of what the migrations made."""
    from django.db import connection

    if connection.vendor != "sqlite":
        return False
    shutil.copy(_PLACE / "migrated.db", connection.creation._get_test_db_name())
    return True


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder of the test's own."""
    return tmp_path


@pytest.fixture
def own_vault(tmp_path: Path, settings: Any) -> Iterator[Path]:
    """An empty vault of the test's own."""
    from scanward.archive.place import vault

    settings.STORAGE = str(tmp_path / "vault")
    settings.CHECKPOINT_DIR = tmp_path / "checkpoints"
    vault.cache_clear()
    yield tmp_path / "vault"
    vault().close()
    vault.cache_clear()


@pytest.fixture(scope="session")
def laid(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What making the cast leaves behind, once somebody has wanted it."""
    from laid import Laid

    return Laid(tmp_path_factory.mktemp("laid") / "vault")


@pytest.fixture
def cast(db: None, own_vault: Path, laid: Any) -> Any:
    """Everybody, with their scans."""
    from cast import assemble

    return laid.cast(own_vault, assemble)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None) -> None:
    """The test database, without a list of 71 models and 284 permissions made anew after each test with real commits.

    Django makes it; nothing in the house asks for it.
    """
    from django.contrib.auth.management import create_permissions
    from django.contrib.contenttypes.management import create_contenttypes
    from django.db.models.signals import post_migrate

    assert post_migrate.disconnect(dispatch_uid=f"{create_permissions.__module__}.create_permissions")
    assert post_migrate.disconnect(create_contenttypes)


@pytest.fixture(autouse=True)
def no_counting_in_the_background() -> None:
    """Counts of views are written when a test asks for them, and are no other test's: the cast is always the same."""
    from datetime import timedelta

    from scanward.access import viewing
    from scanward.audit.tally import ViewTally

    viewing._tally = ViewTally(every=timedelta(seconds=15), timer=False)


@pytest.fixture(autouse=True)
def a_clean_ledger_behind(request: pytest.FixtureRequest) -> Iterator[None]:
    """Empty the ledger after a test with real commits: Django's flush leaves its tables alone, as it must."""
    marker = request.node.get_closest_marker("django_db")
    commits = bool(marker and marker.kwargs.get("transaction")) or "transactional_db" in request.fixturenames
    if commits:
        request.getfixturevalue("transactional_db")
    yield
    if commits:
        from rooms.audit.ledger import empty_the_ledger

        empty_the_ledger()
