"""Who looked at which series, and at how many images (L1): one entry when it is opened, and then counts."""

from datetime import datetime, timedelta

from scanward.access.actors import reference
from scanward.access.kinds import Grant
from scanward.audit.event import Place, SubjectRef
from scanward.audit.kinds import SubjectKind
from scanward.audit.tally import ViewTally

_tally = ViewTally(every=timedelta(seconds=15))


def note_view(grant: Grant, series: str, frame: str, *, now: datetime, place: Place) -> None:
    """Write down that this frame of the series is about to be shown.

    Raises:
        django.db.DatabaseError: the ledger can't be written, so nothing may be shown (fault E2).
    """
    subject = SubjectRef(SubjectKind.SERIES, series, patient=str(grant.record.patient), display=str(grant.record.study))
    _tally.seen(frame, actor=reference(grant.actor), series=subject, purpose=grant.purpose, place=place, now=now)


def flush(*, now: datetime) -> None:
    """Write the counts that are not in the ledger yet, so that a page that shows it is up to date."""
    _tally.flush(now)
