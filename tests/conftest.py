"""Where the tests run: a throw-away data folder with keys of its own, on the embedded database or on PostgreSQL."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
SHARED = REPOSITORY.parent / "shared" / "data"
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
    for name in ("secret.key", "database.key", "master.key", "manifest.key", "ledger.key", "seals.key"):
        (keys / name).touch(mode=0o600)
        (keys / name).write_text(os.urandom(32).hex() + "\n")
    if os.environ.get("SCANWARD_TEST_DATABASE") == "postgresql":
        from postgres import start

        os.environ["SCANWARD_DATABASE"] = start(_PLACE / "postgres")


_make_place()
django.setup()


def pytest_runtest_logstart(nodeid: str) -> None:
    """Note which test runs, for whoever must end a run that hangs (tools/run_tests.py)."""
    if (running := os.environ.get("SCANWARD_TEST_RUNNING")) and os.environ.get("PYTEST_XDIST_WORKER"):
        (Path(running) / os.environ["PYTEST_XDIST_WORKER"]).write_text(nodeid)


def pytest_sessionfinish() -> None:
    """Leave nothing behind."""
    shutil.rmtree(_PLACE, ignore_errors=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Skip what is long unless asked for, and what needs a program or data that are not here."""
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


@pytest.fixture
def cast(db: None, own_vault: Path) -> Any:
    """Everybody, with their scans."""
    from cast import assemble

    return assemble()


@pytest.fixture(autouse=True, scope="session")
def no_counting_in_the_background() -> None:
    """Counts of views are written when a test asks for them, not by a timer that outlives the test's database."""
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
