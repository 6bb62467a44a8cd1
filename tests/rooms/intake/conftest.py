"""One running listener for the tests that leave it as it was, and one of its own for those that don't."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rooms.intake.listening import Listening, copy_of, listen, make_place
from rooms.intake.senders import served_meanwhile, warm


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keys and an empty database, made once."""
    return make_place(tmp_path_factory.mktemp("listener") / "template")


@pytest.fixture(scope="session")
def listener(template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Listening]:
    """A listener as it runs without a settings file; every test uses UIDs of its own."""
    running = listen(copy_of(template, tmp_path_factory.mktemp("listener") / "place"))
    warm(running)
    yield running
    assert running.stop() == 0


@pytest.fixture
def good_sender(listener: Listening) -> Iterator[None]:
    """Somebody sends good slices all the while; each of them is taken, and what the test does costs little."""
    with served_meanwhile(listener):
        yield


@pytest.fixture
def good_caller(listener: Listening) -> Iterator[None]:
    """Somebody calls all the while and is answered; what the test does costs less than 5 MB."""
    with served_meanwhile(listener, stores=False, megabytes=5):
        yield


@pytest.fixture
def own_place(template: Path, tmp_path: Path) -> Path:
    """A place of the test's own, not yet running."""
    return copy_of(template, tmp_path / "place")
