"""Copies that somebody takes from a study's page: images and report as one ZIP with a signed manifest."""

from datetime import datetime, timedelta

from django.db import transaction

from scanward.access.actions import authorize
from scanward.access.actors import actor_of, reference
from scanward.access.kinds import Action, Grant, RecordFacts, Relation
from scanward.archive.models import Report, Study
from scanward.archive.reports import current
from scanward.audit.actions import record
from scanward.audit.event import Place, SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.bundles.zip_stream import ZipStream
from scanward.law.bases import Basis
from scanward.law.purpose import PurposeOfUse
from scanward.people.models import Account
from scanward.people.sessions import is_open
from scanward.release import holds
from scanward.release.contents import Download, Permit, Wanted, instances, manifest_key, members, report_document
from scanward.release.disclosures import described, disclose
from scanward.release.models import Package

__all__ = ["Download", "PackageEnded", "manifest_key", "open_package", "prepare", "report_document"]

LASTS = timedelta(hours=24)
# On which basis somebody takes a copy without asking anyone, by how they stand to the record.
BASIS = {
    Relation.OWN: Basis.ACCESS,
    Relation.REPRESENTED: Basis.REPRESENTATIVE_ACCESS,
    Relation.ASSIGNED: Basis.TREATMENT,
}


class PackageEnded(Exception):
    """The package's time is over; a new one can be made."""


def prepare(
    account: Account, study: Study, *, purpose: PurposeOfUse, language: str, now: datetime, place: Place
) -> Package:
    """Decide, and write down which copy is taken, and that it is disclosed; nothing is read yet.

    Raises:
        AccessRefused: the account may not take a copy of this study for this purpose.
    """
    actor = actor_of(account, now=now)
    context = holds.context_for(actor, study, now=now, purpose=purpose)
    grant = authorize(actor, Action.DOWNLOAD, _facts(study), purpose, now=now, place=place, told=True, context=context)
    # A report that is held back stays here; the images don't wait for it.
    report = None if Action.VIEW_REPORT in context.held else current(study)
    with transaction.atomic():
        package = Package.objects.create(
            account=account,
            study=study,
            report=report,
            purpose=purpose.value,
            language=language,
            created_at=now,
            expires_at=now + LASTS,
        )
        count = instances(study, as_of=now).count()
        record(
            EventKind.PACKAGE_BUILT,
            actor=reference(actor),
            subject=SubjectRef(SubjectKind.STUDY, str(study.id), str(study.patient_id)),
            purpose=purpose,
            outcome=Outcome.SUCCESS,
            at=now,
            place=place,
            detail={"package": str(package.id), "images": count},
        )
        disclose(
            [study],
            recipient=account.full_name,
            address=account.email,
            description=described(images=count > 0, report=report is not None, studies=[study]),
            basis=BASIS.get(grant.relation, Basis.ACCESS),
            purpose=purpose,
            channel="portal",
            by=reference(actor),
            now=now,
            place=place,
        )
    return package


def open_package(
    package: Package, *, now: datetime, place: Place, resumed: bool = False, session_key: str | None = None
) -> Download:
    """Decide again, write the download down, and return the ZIP, which asks again while it is being sent.

    Raises:
        AccessRefused: the person may not have it any more.
        PackageEnded: it is too old, or the session in which it was asked for has ended; that cuts it on its way.
    """
    if now >= package.expires_at:
        raise PackageEnded("This download has ended. Start a new one from the study's page.")
    begun = False

    def ask(study: Study, at: datetime) -> Grant:
        nonlocal begun
        if session_key is not None and not is_open(session_key):
            raise PackageEnded("The session has ended. Sign in again.")
        actor = actor_of(Account.objects.get(pk=package.account_id), now=at)
        purpose = PurposeOfUse(package.purpose)
        context = holds.context_for(actor, study, now=at, purpose=purpose)
        if package.report_id and Action.VIEW_REPORT in context.held:
            raise PackageEnded("The report is held back since. Start a new download from the study's page.")
        told, begun = begun or resumed, True
        return authorize(
            actor, Action.DOWNLOAD, _facts(study), purpose, now=at, place=place, told=told, context=context
        )

    permit = Permit(ask)
    permit.renew(package.study, now=now)
    wanted = Wanted(
        release=str(package.id),
        studies=[package.study],
        as_of=package.created_at,
        language=package.language,
        reports=_reports(package),
    )
    zipped = ZipStream(members(wanted, permit), at=package.created_at, check=permit.check)
    return Download(zipped.size, zipped.tag, zipped.iterate)


def _facts(study: Study) -> RecordFacts:
    """Return the study as the decision sees it."""
    return RecordFacts(patient=study.patient_id, study=study.id)


def _reports(package: Package) -> list[Report]:
    """Return the report that was current when the copy was prepared."""
    if package.report is None:
        return []
    package.report.study = package.study
    return [package.report]
