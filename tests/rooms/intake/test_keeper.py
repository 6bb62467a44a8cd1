"""What is kept is indexed within moments, also when nothing else happens."""

import threading
import time
from types import SimpleNamespace
from typing import Any

import pytest

from cast import NOW, sender
from scanward.archive.store import Result, Settled
from scanward.intake.dimse import keeper as keeping
from scanward.intake.dimse.keeper import Keeper

# The keeper asks whether its database is still of use, whatever the test before has left.
pytestmark = pytest.mark.django_db


def test_the_first_object_after_a_rest_is_indexed_while_its_sender_stays(monkeypatch: Any) -> None:
    """Issue 6: seen within a second. Whoever is woken for it may run at once, or late."""
    indexed = threading.Event()

    class Batch:
        def __init__(self, **_more: object) -> None:
            pass

        def __len__(self) -> int:
            return 1

        def add(self, _arrivals: object) -> list[Settled]:
            return [Settled(Result.KEPT)]

        def finish(self) -> None:
            indexed.set()

    class WakesAtOnce(threading.Event):
        def set(self) -> None:
            super().set()
            time.sleep(0.2)

    monkeypatch.setattr(keeping, "Running", Batch)
    keeper = Keeper(clock=lambda: NOW)
    keeper._something = WakesAtOnce()
    keeper.start()
    try:
        keeper.keep(SimpleNamespace(header=b""), sender())
        assert indexed.wait(10)
    finally:
        keeper.stop()
