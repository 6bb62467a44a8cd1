"""A copy for the holder of a link: the shared series and the report, asked for anew while it flows."""

from datetime import datetime

from django.utils import timezone

from scanward.access.actions import authorize
from scanward.access.kinds import Action, Grant, RecordFacts
from scanward.archive.models import Study
from scanward.archive.reports import current
from scanward.audit.event import Place
from scanward.bundles.zip_stream import ZipStream
from scanward.law.purpose import PurposeOfUse
from scanward.release import holds, sharing
from scanward.release.contents import Download, Permit, Wanted, members
from scanward.release.models import ShareVisit


def open_shared(visit: ShareVisit, study: Study, *, language: str, place: Place) -> Download:
    """Return the ZIP of one shared study; a link that ends cuts it within seconds (fault C6, D9).

    Raises:
        AccessRefused: the link does not allow a copy, or not any more.
    """

    def ask(wanted: Study, now: datetime) -> Grant:
        fresh = ShareVisit.objects.select_related("share__created_by", "share__authorization").get(pk=visit.pk)
        holder = sharing.holder(fresh, now=now)
        return authorize(
            holder,
            Action.DOWNLOAD,
            RecordFacts(wanted.patient_id, wanted.pk),
            PurposeOfUse.PATIENT_REQUEST,
            now=now,
            place=place,
            told=True,
            context=holds.context_for(holder, wanted, now=now),
        )

    permit, share = Permit(ask), visit.share
    permit.renew(study, now=timezone.now())
    report = current(study) if share.report else None
    holder = sharing.holder(visit, now=visit.began_at)
    if Action.VIEW_REPORT in holds.context_for(holder, study, now=visit.began_at).held:
        report = None
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
