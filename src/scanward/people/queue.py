"""Keeps values out of the queue's table: what an error says may name a patient (fault C23)."""

import re
from typing import Any

from django.db.models.signals import pre_save
from django_tasks_db.models import DBTaskResult

# Where an error was: file, line and function, without the line of code and without what the error says.
FRAME = re.compile(r'^  File "[^"\n]*", line \d+, in \S+$', re.MULTILINE)


def connect() -> None:
    """Cut the trace of a task that failed to the places in the code."""
    pre_save.connect(_only_places, sender=DBTaskResult, dispatch_uid="scanward.people.queue")


def _only_places(instance: Any, **_kwargs: Any) -> None:
    instance.traceback = "\n".join(FRAME.findall(instance.traceback))
