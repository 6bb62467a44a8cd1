"""The cast, made by the verbs once in a process and laid down again for each test that wants it, which is quicker."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.apps import apps
from django.contrib.auth.models import Permission
from django.contrib.contenttypes.models import ContentType
from django.db import models, transaction

from cast import Cast
from scanward.audit.models import Entry, Head
from scanward.people.models import Account, Patient

# What is there before anybody has done anything.
ALWAYS_THERE = (ContentType, Permission, Head)
# One of these is there as soon as anybody has done anything, and be it by hand.
FIRST = (Entry, Account, Patient)


class Laid:
    """What making the cast left behind: the rows of every table, and the files of the vault."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._rows: dict[type[models.Model], list[Any]] = {}
        self._head: dict[str, Any] = {}
        self._cast: dict[str, tuple[type[models.Model], Any]] = {}

    def cast(self, vault: Path, assemble: Callable[[], Cast]) -> Cast:
        """Return the cast in this empty vault; where a test has done something already, by the verbs."""
        if any(model._base_manager.exists() for model in FIRST):
            return assemble()
        if not self._cast:
            return self._keep(assemble(), vault)
        shutil.copytree(self._folder, vault)
        with transaction.atomic():
            for model, rows in self._rows.items():
                model._base_manager.bulk_create(rows)
            Head.objects.update(**self._head)
        return Cast(**{name: model._base_manager.get(pk=key) for name, (model, key) in self._cast.items()})

    def _keep(self, cast: Cast, vault: Path) -> Cast:
        """Keep what making it left behind."""
        found = {model: list(model._base_manager.all()) for model in apps.get_models() if model not in ALWAYS_THERE}
        self._rows = {model: rows for model, rows in found.items() if rows}
        self._head = Head.objects.values("size", "frontier").get()
        shutil.copytree(vault, self._folder)
        self._cast = {name: (type(each), each.pk) for name, each in vars(cast).items()}
        return cast
