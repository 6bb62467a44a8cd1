"""The same batches on a Dask cluster: a batch is a folder, which is a series, so that tasks are not tiny.

The workers see the same file system. The job carries the project's key: use a `tls://` scheduler, or a
network that is yours alone.
"""

from collections.abc import Iterator
from typing import Any

import distributed

from scanward.deid.run import Job, Result, Worker
from scanward.deid.sources import Source


def on_cluster(job: Job, batches: list[list[Source]], address: str) -> Iterator[Result]:
    """De-identify batches on the cluster at `address`; a lost worker's batches are done by another."""
    with distributed.Client(address, set_as_default=False) as client:  # type: ignore[no-untyped-call]
        yield from with_client(job, batches, client)


def with_client(job: Job, batches: list[list[Source]], client: Any) -> Iterator[Result]:
    """The same with a client that is there already."""
    futures = [client.submit(_batch, job, batch, pure=False, retries=3) for batch in batches]
    for future in distributed.as_completed(futures):  # type: ignore[no-untyped-call]
        yield future.result()
        future.release()


def _batch(job: Job, sources: list[Source]) -> Result:
    return Worker(job).batch(sources)
