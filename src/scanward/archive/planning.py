"""Decides what is to be done with each arrival: keep it, know it already, or hold it for somebody to decide."""

from collections.abc import Sequence
from functools import lru_cache

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from scanward.archive import entries, facts, versions
from scanward.archive.arrivals import Arrival, Batch, Plan, Result
from scanward.archive.damage import about, about_instance
from scanward.archive.identities import instance_identity
from scanward.archive.models import HeldObject, HeldReason, Instance, Report, Series, Study
from scanward.archive.place import vault
from scanward.archive.reports import says_the_same
from scanward.audit.event import SubjectRef
from scanward.audit.kinds import EventKind, SubjectKind
from scanward.dicom.errors import Refused
from scanward.dicom.read import inspect
from scanward.people.matching import Demographics, Match, Verdict, enrol, match, match_claimed
from scanward.people.models import Patient

HELD_FOR = {
    Verdict.UNKNOWN: HeldReason.PATIENT_UNKNOWN,
    Verdict.DIFFERS: HeldReason.PATIENT_DIFFERS,
    Verdict.MAYBE_DOUBLE: HeldReason.PATIENT_MAYBE_DOUBLE,
    Verdict.NOT_CERTAIN: HeldReason.NOT_CERTAIN,
}


def look_up(arrivals: Sequence[Arrival], batch: Batch) -> None:
    """Ask the index once for everything that the arrivals might be copies of."""
    uids = [arrival.inspected.sop_instance_uid for arrival in arrivals]
    if not _any_known(uids):
        return
    known = Instance.objects.filter(sop_instance_uid__in=uids).select_related("series__study__patient")
    batch.instances.update({instance.sop_instance_uid: instance for instance in known})
    batch.waiting.update({uid: [] for uid in uids})
    for held in HeldObject.objects.filter(sop_instance_uid__in=uids):
        if held.pk != batch.sender.case:
            batch.waiting[held.sop_instance_uid].append(held)


def _any_known(uids: Sequence[str]) -> bool:
    """Return whether the index has any of the UIDs.

    It is asked for every slice on a wire, so past Django's cursor, which does more than the database here.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors:
        found = connection.connection.execute(_any_of(len(uids)), [*uids, *uids])
        return found.fetchone() is not None


@lru_cache(maxsize=128)
def _any_of(count: int) -> str:
    """Return the question whether the index has any of so many UIDs, as the database's own driver takes it."""
    marks = ", ".join(["?" if connection.vendor == "sqlite" else "%s"] * count)
    asked = " UNION ALL ".join(
        f"SELECT 1 FROM {model._meta.db_table} WHERE sop_instance_uid IN ({marks})"  # noqa: S608  our own names
        for model in (Instance, HeldObject)
    )
    return f"{asked} LIMIT 1"


def plan_for(arrival: Arrival, batch: Batch) -> Plan:
    """Decide what to do with one arrival. Its hash is made only where there is something to compare it with."""
    uid = arrival.inspected.sop_instance_uid
    first = batch.first.get(uid)
    if first and (_same_bytes(first, arrival) or uid not in batch.instances):
        return _plan_twin(arrival, first, batch)
    plan = _plan_first(arrival, batch)
    batch.first.setdefault(uid, plan)
    return plan


def _plan_first(arrival: Arrival, batch: Batch) -> Plan:
    """Decide about an arrival that has no twin in this batch, or one that is to be compared with what is here."""
    uid = arrival.inspected.sop_instance_uid
    known, waiting = batch.instances.get(uid), batch.waiting.get(uid, [])
    sha256 = arrival.sha256 if known or waiting else ""
    case = next((held for held in waiting if held.sha256 == sha256), None)
    if case:
        return Plan(arrival, Result.HELD, known_case=case)
    if known and _is_anothers(known.series.study, batch):
        # Even the same bytes: a word about them would tell what another patient has here.
        return _hold(arrival, HeldReason.STUDY_OF_OTHER_PATIENT, batch, instance=known)
    if known:
        if known.sha256 == sha256 or same_content(arrival, known):
            return Plan(arrival, Result.DUPLICATE, known.series.study, known)
        return _hold(arrival, HeldReason.CONTENT_DIFFERS, batch, instance=known)
    study, reason, near = _attach(arrival, batch)
    if study is None:
        return _hold(arrival, reason or HeldReason.PATIENT_UNKNOWN, batch, patient=near)
    instance = _new_instance(arrival, study, batch)
    return Plan(arrival, Result.KEPT, study, instance, report=_new_report(arrival, study, instance, batch))


def same_content(arrival: Arrival, known: Instance) -> bool:
    """Return whether the data sets are byte for byte the same, and only the file's header differs.

    An image that came as a file keeps its file's preamble and meta information; over the wire it has none (PS3.7).
    """
    seen, study = arrival.inspected, known.series.study
    if seen.transfer_syntax_uid != known.transfer_syntax_uid:
        return False
    subject, identity = about_instance(known, study.patient_id), instance_identity(known, study)
    with about(subject), vault().open(known.locator, study.key_id, identity) as stored:
        kept = stored.read()
    try:
        start = inspect(kept).dataset_offset
    except Refused:
        return False
    with memoryview(kept) as before, memoryview(arrival.data) as now:
        return before[start:] == now[seen.dataset_offset :]


def _plan_twin(arrival: Arrival, first: Plan, batch: Batch) -> Plan:
    """Decide about an arrival whose UID came earlier in the same batch."""
    if not _same_bytes(first, arrival):
        return _hold(arrival, HeldReason.CONTENT_DIFFERS, batch, patient=first.study.patient if first.study else None)
    if first.result is Result.HELD:
        return Plan(arrival, Result.HELD, known_case=first.held or first.known_case)
    return Plan(arrival, Result.DUPLICATE, first.study, first.instance)


def _same_bytes(first: Plan, arrival: Arrival) -> bool:
    """Return whether an arrival is the same as an earlier one, whose bytes may have gone to the vault already."""
    if first.arrival.data:
        return bytes(first.arrival.data) == bytes(arrival.data)
    kept = first.stored or first.instance or first.known_case
    return kept is not None and kept.sha256 == arrival.sha256


def _attach(arrival: Arrival, batch: Batch) -> tuple[Study | None, HeldReason | None, Patient | None]:
    """Find the study that the arrival belongs to, or why that is not sure, and whom it may be about."""
    uid = arrival.inspected.study_instance_uid
    if uid not in batch.studies:
        batch.studies[uid] = Study.objects.select_related("patient").filter(study_instance_uid=uid).first()
    study = batch.studies[uid]
    who = facts.demographics(arrival.inspected.dicom_json, default_issuer=batch.sender.issuer)
    patient, reason = _patient(who, batch)
    # A number that nobody here has is no less another patient's than a known one.
    if study and patient != study.patient and (patient or not reason):
        return None, HeldReason.STUDY_OF_OTHER_PATIENT, study.patient
    if reason:
        return None, reason, patient
    if study is None:
        study = batch.studies[uid] = _open_study(arrival, patient, who, batch)
    elif _adds_unseen(study, batch):
        return None, HeldReason.NOT_CERTAIN, patient
    return study, None, None


def _is_anothers(study: Study, batch: Batch) -> bool:
    """Return whether the study is not the patient's for whom somebody brings a disc."""
    claimed = batch.sender.claimed
    return claimed is not None and study.patient_id != claimed.pk


def _adds_unseen(study: Study, batch: Batch) -> bool:
    """Return whether a patient's disc would add an image to a study that was here before: staff look at that first."""
    sender = batch.sender
    return sender.claimed is not None and not sender.witnessed and study.received_at < batch.now


def _patient(who: Demographics, batch: Batch) -> tuple[Patient | None, HeldReason | None]:
    """Return the patient, or why nobody can be sure; neither of them: somebody new."""
    if batch.sender.patient:
        return batch.sender.patient, None
    found = batch.matches.get(who) or batch.matches.setdefault(who, _match(who, batch))
    return found.patient, HELD_FOR.get(found.verdict)


def _match(who: Demographics, batch: Batch) -> Match:
    """Compare with the patient for whom it was brought, or else with everybody."""
    sender = batch.sender
    return match_claimed(who, sender.claimed, numbered=not sender.witnessed) if sender.claimed else match(who)


def _open_study(arrival: Arrival, patient: Patient | None, who: Demographics, batch: Batch) -> Study:
    """Make the study's row, and its patient's where the patient is new here."""
    header = arrival.inspected.dicom_json
    about = facts.study_facts(header, zone=settings.FACILITY_TIME_ZONE)
    key_id = vault().new_key()
    try:
        with transaction.atomic():
            patient = patient or _enrol(who, batch)
            study = Study.objects.create(
                patient=patient,
                study_instance_uid=about.study_instance_uid,
                key_id=key_id,
                accession_number=about.accession_number,
                description=about.description,
                body_part=about.body_part,
                performed_at=about.performed_at,
                received_at=batch.now,
            )
            entries.about_study(EventKind.OBJECTS_STORED, batch, study, {"step": "study opened"})
            batch.new_studies.append(study)
            return study
    except IntegrityError:
        # Another sender was faster with the same patient or study; its row is as good.
        return _attach_again(arrival, batch)


def _attach_again(arrival: Arrival, batch: Batch) -> Study:
    """Look once more after another process has made the row."""
    batch.studies.pop(arrival.inspected.study_instance_uid, None)
    batch.matches.clear()
    study, _reason, _near = _attach(arrival, batch)
    if study is None:
        raise RuntimeError("The study was made for another patient at the same moment; send it again.")
    return study


def _enrol(who: Demographics, batch: Batch) -> Patient:
    """Make the row of a new patient."""
    patient = enrol(who)
    # What was looked up before may be about this very person.
    batch.matches.clear()
    subject = SubjectRef(SubjectKind.PATIENT, str(patient.id), str(patient.id))
    entries.write(EventKind.PATIENT_CREATED, batch, subject)
    return patient


def _new_instance(arrival: Arrival, study: Study, batch: Batch) -> Instance:
    """Make the instance's row, not yet saved; its series is found by its UID."""
    seen = arrival.inspected
    return Instance(
        series=_series(arrival, study, batch),
        sop_instance_uid=seen.sop_instance_uid,
        sop_class_uid=seen.sop_class_uid,
        transfer_syntax_uid=seen.transfer_syntax_uid,
        number=facts.whole_number(seen.dicom_json, "00200013"),
        frames=seen.frames,
        preamble=seen.preamble.value,
        dicom_json_deflated=arrival.header,
        received_at=batch.now,
    )


def _new_report(arrival: Arrival, study: Study, instance: Instance, batch: Batch) -> Report | None:
    """Make the row of the report that the object is, if it is one: the next version of its study's.

    One that comes after a later state of it, or that says the same as the latest, is an object only.
    """
    if arrival.report is None:
        return None
    content = versions.content_of(arrival.report, now=batch.now)
    try:
        versions.check_order(study, content)
    except versions.OutOfOrder:
        return None
    latest = study.reports.first()
    if latest and says_the_same(latest, content):
        return None
    ahead = batch.versions[study.id]
    batch.versions[study.id] += 1
    return versions.new_version(study, versions.in_line(study, content), now=batch.now, source=instance, ahead=ahead)


def _series(arrival: Arrival, study: Study, batch: Batch) -> Series:
    """Return the series' row, asked for once in a batch."""
    key = study.id, arrival.inspected.series_instance_uid
    if key not in batch.series:
        about = facts.series_facts(arrival.inspected.dicom_json)
        batch.series[key], _made = Series.objects.get_or_create(
            study=study,
            series_instance_uid=about.series_instance_uid,
            defaults={"modality": about.modality, "number": about.number, "description": about.description},
        )
    return batch.series[key]


def _hold(
    arrival: Arrival,
    reason: HeldReason,
    batch: Batch,
    *,
    patient: Patient | None = None,
    instance: Instance | None = None,
) -> Plan:
    """Plan to keep the arrival apart, under a key of its own, until somebody has decided."""
    seen = arrival.inspected
    content = seen.sop_instance_uid, arrival.sha256
    waiting = {held.sha256: held for held in batch.waiting.get(seen.sop_instance_uid, [])}
    if case := batch.opened.get(content) or waiting.get(content[1]):
        return Plan(arrival, Result.HELD, known_case=case)
    held = batch.opened[content] = HeldObject(
        sha256=content[1],
        key_id=vault().new_key(),
        reason=reason,
        sop_instance_uid=seen.sop_instance_uid,
        study_instance_uid=seen.study_instance_uid,
        dicom_json_deflated=arrival.header,
        near_patient=patient or (instance.series.study.patient if instance else None),
        near_instance=instance,
        received_at=batch.now,
    )
    return Plan(arrival, Result.HELD, held=held)
