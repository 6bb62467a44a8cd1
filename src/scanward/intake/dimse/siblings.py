"""Several processes behind the same doors: each has an interpreter to itself, so that all cores work for the senders.

The first process opens the doors and forks the others, which accept on the same sockets. They live and end together:
who stops the first stops all, and when one of them dies, however it dies, the service ends and is started again.
"""

import logging
import os
import signal
import threading
import time
from typing import Final

log = logging.getLogger(__name__)
STOP_SECONDS: Final = 45.0
TICK_SECONDS: Final = 0.05


class Siblings:
    """The forked processes, as the first one sees them; in each of them there are none."""

    def __init__(self) -> None:
        self._pids: list[int] = []

    def fork(self, count: int) -> bool:
        """Fork so many; return whether this is the first process. No thread may run yet, and no database be open."""
        end, first = os.pipe()
        for _ in range(count):
            pid = os.fork()
            if pid == 0:
                os.close(first)
                self._pids.clear()
                threading.Thread(target=_end_with, args=(end,), name="siblings", daemon=True).start()
                return False
            self._pids.append(pid)
        # The first one's end of the pipe stays open for as long as it lives; nothing is ever written.
        os.close(end)
        return True

    def one_has_ended(self) -> bool:
        """Tell whether a process has ended that should not have."""
        ended = dict(os.waitpid(pid, os.WNOHANG) for pid in self._pids)
        ended.pop(0, None)
        self._pids = [pid for pid in self._pids if pid not in ended]
        for status in ended.values():
            log.warning("a process of the listener has ended: %d", os.waitstatus_to_exitcode(status))
        return bool(ended)

    def ask_to_stop(self) -> None:
        """Ask the others to finish what is under way."""
        for pid in self._pids:
            os.kill(pid, signal.SIGTERM)

    def wait(self) -> None:
        """Wait until the others have ended; one that does not end is killed."""
        until = time.monotonic() + STOP_SECONDS
        while self._pids and time.monotonic() < until:
            if not self.one_has_ended():
                time.sleep(TICK_SECONDS)
        for pid in self._pids:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)


def _end_with(end: int) -> None:
    """End at once when the first process has gone: nobody else would start this one again."""
    os.read(end, 1)
    os._exit(1)
