"""What a person sees while files are de-identified: how many, how fast, how long still, and at what the workers are."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, ProgressColumn, Task, TextColumn, TimeRemainingColumn
from rich.table import Column
from rich.text import Text

from scanward.deid.sources import Source
from scanward.deid.stages import busy


class _Doing(ProgressColumn):
    """At what the workers are; looked up whenever the screen is drawn."""

    def __init__(self, destination: Path) -> None:
        super().__init__(Column(no_wrap=True, overflow="ellipsis"))
        self._destination = destination

    def render(self, task: Task) -> Text:
        """The words of all workers."""
        return Text("" if task.finished else "; ".join(busy(self._destination)))


@contextmanager
def watched(batches: list[list[Source]], destination: Path) -> Iterator[Callable[[int, int], None]]:
    """A bar on the terminal; yields what to call with the files and bytes that are done."""
    columns = (
        BarColumn(10),
        MofNCompleteColumn(),
        TextColumn("files, {task.fields[rate]:,.1f} MB/s, left:"),
        TimeRemainingColumn(),
        _Doing(destination),
    )
    started = time.monotonic()
    with Progress(*columns, console=Console(stderr=True)) as bar:
        task = bar.add_task("", total=sum(map(len, batches)), rate=0.0)

        def show(files: int, size: int) -> None:
            bar.update(task, completed=files, rate=size / max(time.monotonic() - started, 1e-3) / 1e6)

        yield show
