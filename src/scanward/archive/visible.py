"""The studies that a clinician may see; the filter is part of the query, so nothing is read that she may not see."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from scanward.access.actors import in_care
from scanward.archive.models import Report, Study
from scanward.people.models import Account


def worklist(account: Account, *, now: datetime) -> QuerySet[Study]:
    """Return the studies of the patients whom the clinician treats now, the newest first (A4)."""
    # IN, not EXISTS: the database then begins with her patients, and not with every study of the house.
    care = in_care(account, now=now).values("patient")
    return Study.objects.filter(patient__in=care).select_related("patient").order_by("-performed_at", "id")


def urgent(studies: Iterable[Study]) -> set[UUID]:
    """Return which of the studies have a latest report with an urgent finding (H9)."""
    latest = Report.objects.filter(study=OuterRef("pk")).order_by("-version").values("critical")[:1]
    marked = Study.objects.filter(pk__in=[study.pk for study in studies]).annotate(urgent=Subquery(latest))
    return set(marked.filter(urgent=True).values_list("pk", flat=True))
