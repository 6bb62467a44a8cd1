"""Mends a race of pynetdicom's requestor, which can swallow a peer's answer on a busy machine.

Its reactor says that it rests, waits for a checkpoint, and says that it rests no more; whoever sends something closes
the checkpoint first and then believes what it last said. Between the last two steps both take answers from one queue,
and an answer that the reactor takes is thrown away as "unexpected".
"""

import threading
from typing import Any, Final

from pynetdicom import evt


class Checkpoint(threading.Event):
    """A checkpoint that lets the reactor pass only if it is still open after the reactor has said that it passes."""

    def __init__(self, association: Any) -> None:
        super().__init__()
        self._association = association
        self.set()

    def wait(self, timeout: float | None = None) -> bool:
        """Return when the checkpoint is open and everybody can see that the reactor works."""
        while super().wait(timeout):
            self._association._is_paused = False
            if self.is_set():
                return True
            self._association._is_paused = True
        return False


def _mend(event: evt.Event) -> None:
    """Give the association its checkpoint: while it is made, before its reactor runs or anybody can send."""
    event.assoc._reactor_checkpoint = Checkpoint(event.assoc)


# For `evt_handlers` of every association that we ask for.
STEADY: Final[tuple[Any, ...]] = ((evt.EVT_CONN_OPEN, _mend),)
