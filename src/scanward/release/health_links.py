"""Links as SMART Health Links (HL7 STU 1): what health apps open, with the same uses, end and register as any link.

The files are encrypted when the link is made, with a key that then exists only inside the link. So they show the day
on which they were made; the images are looked at in the browser, behind the same link.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core import signing
from django.db.models import Q
from django.urls import reverse

from scanward.access.actions import AccessRefused, atomic, authorize
from scanward.access.kinds import Action, Actor, Grant, RecordFacts, Sharing
from scanward.archive import reading
from scanward.archive.models import Instance, Report, Study
from scanward.archive.reports import current
from scanward.audit.actions import record
from scanward.audit.event import ActorRef, Place, SubjectRef
from scanward.audit.kinds import EventKind, Outcome, SubjectKind
from scanward.bundles import fhir, health_link
from scanward.law.errors import Unlawful
from scanward.people.models import Account
from scanward.release import holds, house, sharing
from scanward.release.contents import Permit, instances, report_document
from scanward.release.corrections import with_statements
from scanward.release.models import SealedFile, Share, ShareVisit

# The specification allows an hour.
LOCATION_LASTS = timedelta(minutes=10)
SALT = "scanward.health-link.file"
GENDER = {"F": "female", "M": "male", "O": "other"}


@dataclass(frozen=True, slots=True)
class MadeHealthLink:
    """A new health link; its address holds the key, and is here and nowhere else."""

    share: Share
    address: str


@dataclass(frozen=True, slots=True)
class Opened:
    """One opening: the visit, and the files that it may read."""

    visit: ShareVisit
    files: list[SealedFile]


def create(wish: sharing.Wish, *, by: Account, site: str, now: datetime, place: Place) -> MadeHealthLink:
    """Make a health link under the site's public address; its key is given away in the answer and not kept.

    Raises:
        AccessRefused: this person may not share one of these studies.
        Unlawful: something that every link needs is missing, or nothing could be put in.
    """
    if wish.direct and wish.passcode:
        raise Unlawful("A link with a passcode is opened in two steps.", "45 CFR 164.312(d)")
    wish, key = replace(wish, health_link=True), health_link.new_key()
    with atomic():
        made = sharing.create(wish, by=by, now=now, place=place)
        door = f"{site}{reverse('shared')}#{made.secret}"
        # Whoever has used up a one-time link has no use left for the images.
        exams = _exams(made.share, now=now, place=place)
        content = _bundle(made.share, exams, images_at=door if wish.images and wish.max_uses > 1 else "", now=now)
        SealedFile.objects.create(
            share=made.share,
            content_type=health_link.FHIR,
            jwe=health_link.sealed(content, key),
            report_ids=[str(exam.report.id) for exam in exams if exam.report],
            made_at=now,
        )
    flag = health_link.flags(long_term=wish.max_uses > 1, passcode=bool(wish.passcode), direct=wish.direct)
    address = f"{site}{reverse('health-link', args=[made.secret])}"
    # The label is read by whoever holds the link before the passcode: it names nobody and no exam.
    label = f"{settings.FACILITY_NAME}: CT"
    return MadeHealthLink(
        made.share, health_link.link(address, key, flag=flag, label=label, expires_at=wish.expires_at)
    )


def open_manifest(secret: str, *, recipient: str, passcode: str, now: datetime, place: Place) -> Opened:
    """Open the link once: a use, a visit, a row in the register, an entry and a message to the owner.

    Raises:
        LinkRefused: it is no health link, or it can't be opened (any more).
    """
    return _opened(secret, Q(direct=False), recipient=recipient, passcode=passcode, now=now, place=place)


def open_direct(secret: str, *, recipient: str, now: datetime, place: Place) -> Opened:
    """Open a link that leads straight to its one file (flag U).

    Raises:
        LinkRefused: as for a manifest.
    """
    return _opened(secret, Q(direct=True), recipient=recipient, passcode="", now=now, place=place)


def ticket(visit: ShareVisit, file: SealedFile) -> str:
    """A short-lived name under which one visit may fetch one file; it says nothing and is kept nowhere."""
    return signing.dumps([visit.pk.hex, file.pk.hex], salt=SALT)


def fetch(named: str, *, now: datetime, place: Place) -> SealedFile:
    """Return the file of a ticket, as long as the link behind it holds.

    Raises:
        LinkRefused: the ticket is too old, or the link has ended since.
    """
    try:
        visit_id, file_id = signing.loads(named, salt=SALT, max_age=LOCATION_LASTS)
    except signing.BadSignature:
        raise sharing.LinkRefused from None
    visits = ShareVisit.objects.select_related("share__created_by", "share__authorization")
    visit = visits.filter(pk=visit_id, ends_at__gt=now).first()
    if visit is None or not sharing.alive(visit.share, now=now) or not _still_may_show(visit.share, now=now):
        raise sharing.LinkRefused
    found = visit.share.files.filter(pk=file_id).first()
    if found is None:
        raise sharing.LinkRefused
    with atomic():
        record(
            EventKind.DOWNLOADED,
            actor=ActorRef(f"visit:{visit.pk}", visit.visitor, "holder of a link"),
            subject=SubjectRef(SubjectKind.SHARE, str(visit.share_id), patient=str(visit.share.patient_id)),
            purpose=visit.share.purpose,
            outcome=Outcome.SUCCESS,
            at=now,
            place=place,
            detail={"file": str(found.pk)},
        )
    return found


def _opened(secret: str, kind: Q, *, recipient: str, passcode: str, now: datetime, place: Place) -> Opened:
    """Take one use, unless what is sealed in may not be shown any more: then none is taken."""
    only = kind & Q(health_link=True)
    share = Share.objects.filter(only, token_hash=sharing.hashed(secret)).first()
    if share is not None and not _still_may_show(share, now=now):
        raise sharing.LinkRefused
    visit = sharing.redeem(secret, visitor=recipient, passcode=passcode, now=now, place=place, only=only)
    return Opened(visit, list(visit.share.files.all()))


def _still_may_show(share: Share, *, now: datetime) -> bool:
    """Whether all that is sealed in may still be shown. Nobody here can open it and take a part out.

    A report that was denied, held back or taken back since, images that were denied, a scan that was destroyed or
    that belongs to somebody else: each keeps the whole file here. A later version of a report does not.
    """
    sealed_in = {report for file in share.files.all() for report in file.report_ids}
    return all(_may_show(study, share, sealed_in, now) for study in share.studies.select_related("patient"))


def _may_show(study: Study, share: Share, sealed_in: set[str], now: datetime) -> bool:
    held = holds.context_for(_holder(share, study, now), study, now=now).held
    with_report = any(str(report.pk) in sealed_in for report in study.reports.all())
    if with_report and (Action.VIEW_REPORT in held or current(study) is None):
        return False
    if share.images and Action.VIEW_IMAGES in held:
        return False
    return study.patient_id == share.patient_id and reading.is_here(study)


def _holder(share: Share, study: Study, now: datetime) -> Actor:
    """The holder of this link, as `access` sees whoever opens it."""
    given = Sharing(share.patient_id, frozenset({study.pk}), frozenset({Action.VIEW_REPORT}), now, share.expires_at)
    return Actor(id=f"share:{share.pk}", display="health link", shares=(given,))


def _exams(share: Share, *, now: datetime, place: Place) -> list[fhir.Exam]:
    """Read what the link shows, with the link's own right and nothing more."""
    permit = Permit(lambda study, at: _grant(share, study, now=at, place=place))
    exams = [_exam(study, share, permit, now) for study in share.studies.select_related("patient")]
    if not any(exam.series or exam.report for exam in exams):
        raise Unlawful("There is nothing yet that the link could show.", "45 CFR 164.524(c)(3)(ii)")
    return exams


def _bundle(share: Share, exams: list[fhir.Exam], *, images_at: str, now: datetime) -> bytes:
    """Put it together for an app."""
    patient = share.patient
    person = fhir.Person(
        id=patient.pk,
        family=patient.family_name,
        given=patient.given_name.split(),
        birth_date=patient.birth_date,
        gender=GENDER.get(patient.sex, ""),
    )
    return fhir.bundle(person, exams, sender=settings.FACILITY_NAME, made_at=now, images_at=images_at)


def _grant(share: Share, study: Study, *, now: datetime, place: Place) -> Grant:
    """Ask `access` as the holder of this link would."""
    holder = _holder(share, study, now)
    facts, context = RecordFacts(study.patient_id, study.pk), holds.context_for(holder, study, now=now)
    return authorize(
        holder,
        Action.VIEW_REPORT,
        facts,
        share.purpose,
        now=now,
        place=place,
        context=context,
        told=True,
    )


def _exam(study: Study, share: Share, permit: Permit, now: datetime) -> fhir.Exam:
    report = current(study) if share.report else None
    return fhir.Exam(
        id=study.pk,
        uid=study.study_instance_uid,
        description=study.description,
        performed_at=study.performed_at,
        series=_series(study, share, now) if share.images else [],
        report=_report(study, report, permit, now) if report else None,
    )


def _series(study: Study, share: Share, now: datetime) -> list[fhir.Images]:
    found: dict[str, list[Instance]] = {}
    wanted = instances(study, as_of=now, series_ids=share.series_ids).select_related("series")
    for instance in wanted.defer("dicom_json_deflated").order_by("series__number", "series_id", "number"):
        found.setdefault(instance.series.series_instance_uid, []).append(instance)
    return [
        fhir.Images(
            uid=uid,
            modality=images[0].series.modality,
            number=images[0].series.number,
            description=images[0].series.description,
            instances=[(image.sop_class_uid, image.sop_instance_uid) for image in images],
        )
        for uid, images in found.items()
    ]


def _report(study: Study, report: Report, permit: Permit, now: datetime) -> fhir.Document | None:
    """The report with its PDF; None while a law holds it back."""
    report.study = study
    try:
        sections = permit.sections(report)
    except AccessRefused:
        return None
    language, day = "en", house.today(now)
    return fhir.Document(
        id=report.pk,
        status=report.status,
        issued=report.finalized_at.astimezone(UTC) if report.finalized_at else None,
        sections={kind.value: text for kind, text in sections.items()},
        pdf=with_statements(
            report_document(study, report, sections, language=language, day=day), study, language=language, day=day
        ),
        language=language,
    )
