"""Many files: in this process, in worker processes, or on a Dask cluster. What is done is done once."""

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from typing import Final

from scanward.deid.run import Job, Result, Worker
from scanward.deid.sources import Source

_ROUNDS: Final = 3
_worker: Worker | None = None


class WorkersLost(RuntimeError):
    """Worker processes died again and again; what they wrote is whole, the rest is not done."""


def processes(job: Job, batches: list[list[Source]], workers: int) -> Iterator[Result]:
    """Batches over worker processes; when one dies, its batches are done again by others.

    Raises: WorkersLost
    """
    pending = list(enumerate(batches))
    for _ in range(_ROUNDS):
        finished: set[int] = set()
        context = multiprocessing.get_context("spawn")
        try:
            with ProcessPoolExecutor(workers, context, _start, (job,)) as pool:
                running = {pool.submit(_batch, batch): number for number, batch in pending}
                yield from _completed(running, finished)
        except BrokenProcessPool:
            pass
        pending = [(number, batch) for number, batch in pending if number not in finished]
        if not pending:
            return
    raise WorkersLost("Worker processes died three times. Start the same command again: it goes on where it stopped.")


def _completed(running: dict[Future[Result], int], finished: set[int]) -> Iterator[Result]:
    waiting = set(running)
    while waiting:
        done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
        for future in done:
            result = future.result()
            finished.add(running[future])
            yield result


def _start(job: Job) -> None:
    global _worker  # noqa: PLW0603  (one engine for the life of a worker process)
    _worker = Worker(job)


def _batch(sources: list[Source]) -> Result:
    assert _worker is not None
    return _worker.batch(sources)
