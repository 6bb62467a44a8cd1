"""The demo's mail: kept in files and shown on a page, never sent.

Only the demo uses it (`SCANWARD_DEMO`), so that a newcomer sees where the one-time codes arrive.
"""

import json
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.core.mail import EmailMessage
from django.core.mail.backends.base import BaseEmailBackend
from django.utils import timezone

KEPT = 50


@dataclass(frozen=True, slots=True)
class Letter:
    """One mail, as the outbox page shows it."""

    to: str
    subject: str
    body: str
    sent_at: datetime


def folder() -> Path:
    """Return the outbox's folder."""
    return Path(settings.DATA) / "outbox"


def letters() -> list[Letter]:
    """Return the mails in the outbox, newest first."""
    found = []
    for path in sorted(folder().glob("*.json"), reverse=True)[:KEPT]:
        row = json.loads(path.read_text("utf-8"))
        found.append(Letter(row["to"], row["subject"], row["body"], datetime.fromisoformat(row["sent_at"])))
    return found


class OutboxBackend(BaseEmailBackend):
    """Django's mail backend that writes each mail into the outbox."""

    def send_messages(self, email_messages: Sequence[EmailMessage]) -> int:
        """Keep the mails; the oldest beyond the limit go."""
        place = folder()
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
        for message in email_messages:
            now = timezone.now()
            row = {
                "to": ", ".join(message.to),
                "subject": str(message.subject),
                "body": str(message.body),
                "sent_at": now.isoformat(),
            }
            path = place / f"{now:%Y%m%dT%H%M%S%f}-{secrets.token_hex(4)}.json"
            # Renamed when it is whole: the page of the outbox may be open.
            path.with_suffix(".part").write_text(json.dumps(row, ensure_ascii=False), "utf-8")
            path.with_suffix(".part").replace(path)
        for old in sorted(place.glob("*.json"), reverse=True)[KEPT:]:
            old.unlink(missing_ok=True)
        return len(email_messages)
