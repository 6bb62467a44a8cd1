"""The ledger's two tables.

The body is the record; the other columns are an index made from it, and `verify` checks that they say the
same. There are no foreign keys: an entry outlives the account and the study that it names. The tables are
made by the statements of `guards.py`, so the ORM neither makes nor empties them (`managed = False`).
"""

import json
from functools import cached_property
from typing import Any, ClassVar, NoReturn

from django.db import models

from scanward.audit.catalogue import CATALOGUE, Meaning
from scanward.audit.event import ActorRef, Place, SubjectRef
from scanward.audit.kinds import Channel, EventKind, Outcome, SubjectKind
from scanward.law.purpose import PurposeOfUse


class LedgerIsAppendOnly(TypeError):
    """Somebody tried to save or delete an entry; `actions.record` is the only way in."""


class Entry(models.Model):
    """One entry; `seq` is its place in the Merkle tree, from 0."""

    seq = models.BigIntegerField(primary_key=True)
    leaf = models.BinaryField(max_length=32)
    at = models.DateTimeField()
    kind = models.CharField(max_length=40)
    outcome = models.SmallIntegerField()
    actor_id = models.CharField(max_length=200)
    patient_id = models.CharField(max_length=200)
    subject_kind = models.CharField(max_length=20)
    subject_id = models.CharField(max_length=200)
    body = models.TextField()

    class Meta:
        managed = False
        db_table = "audit_entry"
        ordering: ClassVar[list[str]] = ["seq"]
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        return f"entry {self.seq}: {self.kind}"

    def save(self, *args: Any, **kwargs: Any) -> NoReturn:  # noqa: ARG002  Django's signature
        """Refuse."""
        raise LedgerIsAppendOnly("Entries are written by scanward.audit.actions.record, and never changed.")

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:  # noqa: ARG002  Django's signature
        """Refuse."""
        raise LedgerIsAppendOnly("Entries of the ledger are never deleted.")

    @cached_property
    def content(self) -> dict[str, Any]:
        """The body, read."""
        content: dict[str, Any] = json.loads(self.body)
        return content

    @property
    def event_kind(self) -> EventKind:
        """What happened."""
        return EventKind(self.kind)

    @property
    def meaning(self) -> Meaning:
        """What this kind of event means: its sentence, codes and retention."""
        return CATALOGUE[self.event_kind]

    @property
    def sentence(self) -> str:
        """What happened, in one plain sentence of the reader's language."""
        return str(self.meaning.sentence)

    @property
    def result(self) -> Outcome:
        """How it ended."""
        return Outcome(self.outcome)

    @property
    def actor(self) -> ActorRef:
        """Who did it."""
        return ActorRef(**self.content["actor"])

    @property
    def subject(self) -> SubjectRef:
        """What it was done to."""
        stored = self.content["subject"]
        return SubjectRef(SubjectKind(stored["kind"]), stored["id"], stored["patient"], stored["display"])

    @property
    def place(self) -> Place:
        """From where."""
        stored = self.content["place"]
        return Place(stored["address"], stored["agent"], Channel(stored["channel"]), stored["session"])

    @property
    def purpose(self) -> PurposeOfUse | None:
        """What for."""
        code = self.content["purpose"]
        return PurposeOfUse(code) if code else None

    @property
    def detail(self) -> dict[str, str | int]:
        """What else there is to say, by name."""
        detail: dict[str, str | int] = self.content["detail"]
        return detail


class Head(models.Model):
    """The one row that knows the ledger's size and the compact range of its Merkle tree."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    size = models.BigIntegerField()
    frontier = models.BinaryField()

    class Meta:
        managed = False
        db_table = "audit_head"

    def __str__(self) -> str:
        return f"ledger of {self.size} entries"
