"""A copy for the holder of a link: the shared series and the report, asked for anew while it flows."""

from datetime import datetime

from django.utils import timezone

from scanward.access.actions import authorize
from scanward.access.kinds import Action, Grant, RecordFacts
from scanward.archive.models import Study
from scanward.archive.reports import current
from scanward.audit.event import Place
from scanward.bundles.zip_stream import ZipStream
from scanward.release import holds, sharing
from scanward.release.contents import Download, Permit, Wanted, members
from scanward.release.models import ShareVisit
from scanward.release.packages import PackageEnded


def open_shared(visit: ShareVisit, study: Study, *, language: str, place: Place) -> Download:
    """Return the ZIP of one shared study; a link that ends cuts it within seconds (fault C6, D9).

    Raises:
        AccessRefused: the link does not allow a copy, or not any more.
        PackageEnded: while it flows, if the report in it is held back or denied meanwhile.
    """

    share, now = visit.share, timezone.now()
    report = current(study) if share.report else None
    if Action.VIEW_REPORT in holds.context_for(sharing.holder(visit, now=now), study, now=now).held:
        report = None

    def ask(wanted: Study, at: datetime) -> Grant:
        fresh = ShareVisit.objects.select_related("share__created_by", "share__authorization").get(pk=visit.pk)
        holder = sharing.holder(fresh, now=at)
        context = holds.context_for(holder, wanted, now=at)
        if report and Action.VIEW_REPORT in context.held:
            raise PackageEnded("The report is held back since.")
        return authorize(
            holder,
            Action.DOWNLOAD,
            RecordFacts(wanted.patient_id, wanted.pk),
            share.purpose,
            now=at,
            place=place,
            told=True,
            context=context,
        )

    permit = Permit(ask)
    permit.renew(study, now=now)
    wanted = Wanted(
        release=str(visit.pk),
        studies=[study],
        as_of=visit.began_at,
        language=language,
        reports=[report] if report else [],
        images=share.images,
        series_ids=share.series_ids,
    )
    zipped = ZipStream(members(wanted, permit), at=visit.began_at, check=permit.check)
    return Download(zipped.size, zipped.tag, zipped.iterate)
