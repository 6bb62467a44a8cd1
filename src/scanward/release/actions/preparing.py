"""Building the copy and checking it: hashes, signed manifest, a second person. Killed half-way, nothing remains."""

import hashlib
import os
from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from scanward.access.actions import atomic, authorize
from scanward.access.actors import actor_of
from scanward.access.kinds import Action, Context, Grant, RecordFacts
from scanward.archive import reading
from scanward.archive.models import Instance, Report, Study
from scanward.archive.reports import current
from scanward.audit.event import ActorRef, Place
from scanward.audit.kinds import EventKind
from scanward.bundles import passphrase
from scanward.bundles.manifest import MANIFEST
from scanward.bundles.members import Member
from scanward.law.errors import Unlawful
from scanward.law.holds import Hold, Item, Means
from scanward.law.purpose import PurposeOfUse
from scanward.law.tracks import Track
from scanward.people.models import Account
from scanward.release import holds
from scanward.release.contents import Permit, Wanted, members
from scanward.release.kinds import Event
from scanward.release.machine import AUTOMATIC
from scanward.release.models import ReleasePackage, ReleaseRequest
from scanward.release.moving import end_packages, lock, move, permit
from scanward.release.ways import ENCRYPTED, ON_MEDIA, Arrival, Medium

LASTS = timedelta(days=30)
# On these the patient asks, or somebody in her place or with her word.
_FOR_THE_PATIENT = frozenset({Track.ACCESS, Track.DIRECTIVE, Track.AUTHORIZATION})
__all__ = ["build", "check_failed", "check_passed", "clerk_permit", "current_package", "laid_out", "wanted_of"]


def build(request: ReleaseRequest, *, by: Account, now: datetime, place: Place) -> ReleasePackage:
    """Put the granted records together: list, hashes, signature, and for what travels a passphrase.

    A copy of one's own record for the portal is then checked by machine; anything else waits for a second person.

    Raises:
        Unlawful: a rule of law holds everything that was granted back for now.
    """
    permit(by, Action.QUALITY_CHECK, request, now=now, place=place)
    with atomic():
        row = lock(request)
        actor = actor_of(by, now=now)
        move(row, Event.BUILD, EventKind.REQUEST_CHANGED, by=actor, now=now, place=place)
        end_packages(row, now=now)
        _all_here(row)
        _check_denials(row)
        built = _planned(row, by, now)
        listed = members(wanted_of(built), clerk_permit(built, by, place=place))
        _seal(built, listed)
        built.save(force_insert=True)
        move(
            row, Event.BUILT, EventKind.PACKAGE_BUILT, by=actor, now=now, place=place, builder=str(by.pk),
            detail={"package": str(built.pk), "files": built.files, "manifest": built.manifest_sha256},
        )  # fmt: skip
        if row.delivery == Arrival.PORTAL.value and row.recipient is None:
            _check_by_machine(row, built, listed, now=now, place=place)
    return built


def check_passed(request: ReleaseRequest, *, by: Account, note: str, now: datetime, place: Place) -> None:
    """A second person looked at patient, scope and pages, and lets the package go."""
    _checked(request, Event.CHECK_PASSED, by=by, note=note, now=now, place=place)


def check_failed(request: ReleaseRequest, *, by: Account, note: str, now: datetime, place: Place) -> None:
    """A second person found something wrong: it is built again, and the reason is kept."""
    if not note.strip():
        raise Unlawful("Say what is wrong with the package.", "45 CFR 164.530(c)(1)")
    _checked(request, Event.CHECK_FAILED, by=by, note=note, now=now, place=place)


def _checked(request: ReleaseRequest, event: Event, *, by: Account, note: str, now: datetime, place: Place) -> None:
    request.refresh_from_db()
    barred = {request.builder: "who built the package does not check it."} if request.builder else {}
    actor = permit(by, Action.QUALITY_CHECK, request, now=now, place=place, barred=barred)
    with atomic():
        row = lock(request)
        package = row.packages.filter(ended_at=None).first()
        if package is not None:
            package.checked_by, package.checked_at, package.check_note = by, now, note.strip()
            if event is Event.CHECK_FAILED:
                package.ended_at, package.passphrase, package.seed = now, "", b""
            package.save()
        checker = str(by.pk) if event is Event.CHECK_PASSED else ""
        move(row, event, EventKind.PACKAGE_CHECKED, by=actor, now=now, place=place, note=note, checker=checker)


def wanted_of(package: ReleasePackage) -> Wanted:
    """Which copy a package is; the same each time it is sent."""
    request = package.request
    studies = list(request.studies.select_related("patient").order_by("performed_at", "pk"))
    by_id = {study.pk: study for study in studies}
    reports = list(Report.objects.filter(pk__in=package.report_ids).order_by("study__performed_at", "study_id"))
    for report in reports:
        report.study = by_id[report.study_id]
    return Wanted(
        release=str(package.pk),
        studies=studies,
        as_of=package.built_at,
        language=package.language,
        reports=reports,
        images=package.images,
        series_ids=request.series_ids,
        encrypted=package.encrypted,
    )


def laid_out(package: ReleasePackage, permit_: Permit) -> list[Member]:
    """Lay a built package out again; it is what was signed and checked, or it does not leave (A14, D10).

    Raises:
        Unlawful: the record has changed since, for example by a disagreement that goes along from now on.
    """
    found = members(wanted_of(package), permit_)
    if hashlib.sha256(_manifest(found)).hexdigest() != package.manifest_sha256:
        raise Unlawful("The record has changed since the package was built. Build it again.", "45 CFR 164.524(c)(2)")
    return found


def current_package(request: ReleaseRequest, *, by: Account, now: datetime, place: Place) -> ReleasePackage:
    """Return the package that may leave now.

    Raises:
        Unlawful: there is none, its time is over, or it is not what was checked any more.
    """
    package = request.packages.filter(ended_at=None).first()
    if package is None:
        raise Unlawful("There is no package to deliver.", "45 CFR 164.524(c)(2)")
    if now >= package.expires_at:
        raise Unlawful("The package is too old. Build it again.", "45 CFR 164.530(c)(1)")
    _all_here(request)
    _check_holds(package, now=now)
    _check_denials(request)
    _check_outgrown(package, now=now)
    laid_out(package, clerk_permit(package, by, place=place))
    return package


def _all_here(request: ReleaseRequest) -> None:
    """Refuse to give what was destroyed: the list of a copy is not the copy (fault D15)."""
    if not all(reading.is_here(study) for study in request.studies.all()):
        raise Unlawful("One of these scans is not kept here any more, so it can't be given.", "45 CFR 164.524(c)(1)")


def clerk_permit(package: ReleasePackage, by: Account, *, place: Place) -> Permit:
    """The permit of records staff for what their request asks, and for nothing else; asked anew while bytes flow."""
    requested = frozenset(package.request.studies.values_list("pk", flat=True))

    def ask(study: Study, now: datetime) -> Grant:
        wanted, context = RecordFacts(study.patient_id, study.pk), Context(requested=requested)
        actor = actor_of(Account.objects.get(pk=by.pk), now=now)
        return authorize(
            actor, Action.DOWNLOAD, wanted, PurposeOfUse.RECORDS, now=now, place=place, context=context, told=True
        )

    return Permit(ask)


def _planned(request: ReleaseRequest, by: Account, now: datetime) -> ReleasePackage:
    """What goes in: the images, and the latest reports that no law holds back."""
    granted, way = request.granted_items, Arrival(request.delivery)
    reports = _reports(request, now) if Item.REPORT in granted else []
    images = Item.IMAGES in granted
    # Paper has no passphrase; whoever picks it up or signs for it is its lock.
    locked = way in ENCRYPTED and request.medium != Medium.PAPER.value
    if not images and not reports:
        raise Unlawful("Everything that was granted is held back by law for now, or is not here yet.", "45 CFR 171.202")
    return ReleasePackage(
        request=request,
        built_by=by,
        built_at=now,
        language=request.language,
        images=images,
        report_ids=[str(report) for report in reports],
        encrypted=locked,
        passphrase=passphrase.new() if locked else "",
        seed=os.urandom(16),
        expires_at=now + LASTS,
    )


def _reports(request: ReleaseRequest, now: datetime) -> list[UUID]:
    """The current report of each study, unless a law holds it back by these means."""
    latest = (current(study) for study in request.studies.all() if not _hold(request, study, now))
    return [report.pk for report in latest if report is not None]


def _hold(request: ReleaseRequest, study: Study, now: datetime) -> Hold | None:
    """What keeps a report from whom the request is for: a law about patients keeps nothing from who treats them."""
    if Track(request.track) not in _FOR_THE_PATIENT:
        return None
    means = Means.PHYSICAL if Arrival(request.delivery) in ON_MEDIA else Means.ELECTRONIC
    return holds.withheld_report(study, now=now, means=means)


def is_held(request: ReleaseRequest, *, now: datetime) -> bool:
    """Whether a law keeps a report of this request back now."""
    return any(_hold(request, study, now) for study in request.studies.all())


def _check_holds(package: ReleasePackage, *, now: datetime) -> None:
    """Refuse to send a report that was marked since the package was built (T8)."""
    reports = Report.objects.filter(pk__in=package.report_ids).select_related("study")
    for hold in (_hold(package.request, report.study, now) for report in reports):
        if hold:
            raise Unlawful("A law keeps the report back for now. Build it again, without the report.", hold.citation)


def _check_denials(request: ReleaseRequest) -> None:
    """Refuse what was denied to the same person since it was approved (45 CFR 164.524(d))."""
    if request.granted_items & holds.denied_since(request):
        raise Unlawful("The same was denied to the same person since. Look at that decision.", "45 CFR 164.524(d)(1)")


def _check_outgrown(package: ReleasePackage, *, now: datetime) -> None:
    """Refuse a copy that the record has outgrown: a corrected report goes instead of the old one (A14)."""
    request = package.request
    reports = [str(report) for report in _reports(request, now)] if Item.REPORT in request.granted_items else []
    studies = request.studies.all()
    later = Instance.objects.filter(series__study__in=studies, received_at__gt=package.built_at)
    if request.series_ids:
        later = later.filter(series_id__in=request.series_ids)
    if sorted(reports) != sorted(package.report_ids) or (package.images and later.exists()):
        raise Unlawful("The record has changed since the package was built. Build it again.", "45 CFR 164.524(c)(2)")


def _seal(package: ReleasePackage, listed: Sequence[Member]) -> None:
    """Keep the manifest as it was signed, and the counts."""
    package.manifest = _manifest(listed)
    package.manifest_sha256 = hashlib.sha256(package.manifest).hexdigest()
    package.files, package.size = len(listed), sum(member.size for member in listed)


def _manifest(listed: Sequence[Member]) -> bytes:
    with next(member for member in listed if member.name == MANIFEST).open() as stream:
        return stream.read()


def _check_by_machine(
    request: ReleaseRequest, package: ReleasePackage, listed: Sequence[Member], *, now: datetime, place: Place
) -> None:
    """Check that every file is of the patient who asks, and that the list is what was signed."""
    others = request.studies.exclude(patient=request.patient).exists()
    if others or len(listed) != package.files:
        raise Unlawful("The package does not hold what was granted.", "45 CFR 164.530(c)(1)")
    package.checked_at, package.check_note = now, "checked by machine: one patient, signed list"
    package.save(update_fields=["checked_at", "check_note"])
    move(
        request, Event.CHECK_PASSED, EventKind.PACKAGE_CHECKED, by=ActorRef.system("release"), now=now, place=place,
        checker=AUTOMATIC,
    )  # fmt: skip
