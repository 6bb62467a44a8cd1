"""Tells who wants it by e-mail that a report arrived, was corrected or taken back: once she may read it (I13)."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, Final

from django.db.models import Q

from scanward.access.actions import atomic
from scanward.access.actors import actor_of
from scanward.access.decide import decide
from scanward.access.kinds import Action, Actor, Grant, RecordFacts
from scanward.access.purposes import usual_purpose
from scanward.archive.models import Report, ReportStatus
from scanward.audit.queries import has_read
from scanward.people.kinds import MailKind
from scanward.people.models import Account, Patient, PatientLink, Representation
from scanward.release import notices
from scanward.release.holds import context_for
from scanward.release.models import ReportNotice

# Longer than any law of a state holds a report back; what came before is no news.
WINDOW = timedelta(days=14)
KINDS: Final = (PatientLink, Representation)
WANTING: Final[dict[str, Any]] = {"account__mails_reports": True, "account__is_active": True, "ended_at": None}


def tell(*, now: datetime) -> int:
    """Write to each person once for all that is new to her, and return to how many."""
    recent = _recent(now)
    count = 0
    for account, patients in _who_wants(recent).items():
        reports = [report for report in recent if report.study.patient in patients]
        count += _tell(account, reports, now=now)
    ReportNotice.objects.filter(report__received_at__lte=now - WINDOW).delete()
    return count


def _tell(account: Account, reports: Iterable[Report], *, now: datetime) -> bool:
    """Write to her if one is new and she may read it now, by the same decision as on the page."""
    actor = actor_of(account, now=now)
    known = set(ReportNotice.objects.filter(account=account).values_list("report_id", flat=True))
    new = [report for report in reports if report.pk not in known and _may_read(actor, report, now=now)]
    if not new:
        return False
    unread = [one for one in new if not has_read(actor.id, str(one.study.patient_id), since=one.received_at)]
    with atomic():
        ReportNotice.objects.bulk_create(ReportNotice(account=account, report=report) for report in new)
        if unread:
            notices.news(account, MailKind.REPORTS)
    return bool(unread)


def _recent(now: datetime) -> list[Report]:
    """The latest report of each study of theirs to which one came lately; what is not final is no news yet."""
    own, represented = (Q(study__patient__in=kind.objects.filter(**WANTING).values("patient")) for kind in KINDS)
    rows = Report.objects.filter(own | represented, received_at__gt=now - WINDOW)
    rows = rows.exclude(status=ReportStatus.PRELIMINARY)
    latest = {report.study_id: report for report in rows.select_related("study__patient").order_by("version")}
    return list(latest.values())


def _who_wants(reports: Iterable[Report]) -> dict[Account, set[Patient]]:
    """Who wants such mails and is one of these patients, or acts for one."""
    patients = {report.study.patient for report in reports}
    found: dict[Account, set[Patient]] = defaultdict(set)
    for kind in KINDS:
        for row in kind.objects.filter(patient__in=patients, **WANTING).select_related("account", "patient"):
            found[row.account].add(row.patient)
    return found


def _may_read(actor: Actor, report: Report, *, now: datetime) -> bool:
    """Whether the page would show it to her."""
    study = report.study
    wanted = RecordFacts(study.patient_id, study.pk)
    purpose = usual_purpose(actor, wanted, now=now)
    context = context_for(actor, study, now=now, action=Action.VIEW_REPORT, purpose=purpose)
    return isinstance(decide(actor, Action.VIEW_REPORT, wanted, purpose, context, now=now), Grant)
