"""The people and scans of the demo hospital; none of them is real."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

from scanward.archive.models import ReportStatus, Study
from scanward.archive.reports import Section, SectionKind, store_report
from scanward.archive.store import Sender
from scanward.audit.event import ActorRef, Place
from scanward.audit.kinds import Channel as Way
from scanward.dicom.synthetic import Kind, SyntheticPatient, SyntheticStudy, study
from scanward.intake.receive import Item, receive
from scanward.people import actions
from scanward.people.kinds import Authority, CareKind, ProofMethod, Role
from scanward.people.models import Account, Patient, PatientIdentifier
from scanward.release import questions
from scanward.release.actions import asking
from scanward.release.models import Question, ReleaseRequest
from scanward.release.ways import Arrival, Channel

PASSWORD = "lakeside-demo-2026"  # noqa: S105  the demo's own, printed for everybody and refused outside the demo
ISSUER = "LAKESIDE"


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can sign in to the demo."""

    email: str
    name: str
    what: str
    role: Role | None = None


ALICE = Person("alice@demo.example", "Alice Rivera", "patient")
RUTH = Person("ruth@demo.example", "Ruth Rivera", "Alice's representative (power of attorney)")
CHARLIE = Person("charlie@demo.example", "Charlie Novak", "another patient, unrelated")
STAFF = (
    Person("hal@demo.example", "Hal Moreau", "medical records clerk", Role.HIM_CLERK),
    Person("dana@demo.example", "Dana Okafor", "clinician who treats Alice", Role.TREATING_CLINICIAN),
    Person("bo@demo.example", "Bo Lindqvist", "billing", Role.BILLING),
    Person("priya@demo.example", "Priya Haddad", "privacy officer", Role.PRIVACY_OFFICER),
    Person("ravi@demo.example", "Ravi Tanaka", "researcher", Role.RESEARCHER),
    Person("sam@demo.example", "Sam Whitfield", "administrator", Role.ADMINISTRATOR),
)
CAST = (ALICE, RUTH, CHARLIE, *STAFF)

ALICE_SCANNED = SyntheticPatient("Rivera^Alice", "LH-100482", date(1961, 4, 17), "F", ISSUER, weight_kg=68)
CHARLIE_SCANNED = SyntheticPatient("Novak^Charlie", "LH-100733", date(1974, 11, 2), "M", ISSUER, weight_kg=84)


def is_there() -> bool:
    """Return whether the demo hospital was made before."""
    return Account.objects.filter(email=CAST[-1].email).exists() and Study.objects.count() >= len(list(_plans()))


def make(*, now: datetime, progress: Callable[[str], None]) -> None:
    """Make the scans first, then the people, so that a start that was cut short is simply done again."""
    by, place = ActorRef.system("demo"), Place("", channel=Way.COMMAND)
    for label, build in _plans():
        progress(label)
        _bring(build(), Sender(by, place, ISSUER), now=now)
    progress("the people who work and are cared for here")
    _people(by, place, now=now)
    progress("the day's work: a letter and a question")
    _work(place, now=now)


def _plans() -> Iterator[tuple[str, Callable[[], SyntheticStudy]]]:
    """Yield each study's label, and what makes it."""
    first = datetime(2025, 9, 11, 9, 20)  # noqa: DTZ001  scanners write local times without a zone
    second = datetime(2026, 3, 12, 10, 5)  # noqa: DTZ001
    head = datetime(2026, 8, 24, 14, 40)  # noqa: DTZ001
    abdomen = datetime(2026, 6, 3, 8, 15)  # noqa: DTZ001

    def chest(when: datetime, size: float) -> SyntheticStudy:
        return study(Kind.CHEST, seed=11, patient=ALICE_SCANNED, performed=when, matrix=320, slices=48, finding_mm=size)

    yield "a CT of Alice's chest", lambda: chest(first, 6.0)
    yield (
        "a CT of her chest half a year later",
        lambda: study(
            Kind.CHEST,
            seed=11,
            patient=ALICE_SCANNED,
            performed=second,
            matrix=320,
            slices=48,
            finding_mm=8.0,
            prior=chest(first, 6.0),
        ),
    )
    yield (
        "a CT of her head",
        lambda: study(Kind.HEAD, seed=11, patient=ALICE_SCANNED, performed=head, matrix=320, slices=44),
    )
    yield (
        "a CT of Charlie's abdomen",
        lambda: study(Kind.ABDOMEN, seed=23, patient=CHARLIE_SCANNED, performed=abdomen, matrix=320, slices=40),
    )


def _bring(made: SyntheticStudy, sender: Sender, *, now: datetime) -> None:
    """Take a study in by the same door as everything else, and its report once."""
    for received in receive([Item(file.name, file.data) for file in made.files], sender=sender, now=now):
        if received.reason:
            raise RuntimeError(f"the demo's own scan was not kept: {received.reason}")
    kept = Study.objects.get(study_instance_uid=made.study_instance_uid)
    if kept.reports.exists():
        return
    sections = [Section(SectionKind(part.kind.value), part.text) for part in made.report.sections]
    signed = made.report.reported.replace(tzinfo=ZoneInfo(settings.FACILITY_TIME_ZONE)).astimezone(UTC)
    store_report(kept, sections, status=ReportStatus.FINAL, finalized_at=signed, sender=sender, now=now)


def _people(by: ActorRef, place: Place, *, now: datetime) -> None:
    """Make the accounts that are missing, with what each of them may do."""
    for person in CAST:
        if Account.objects.filter(email=person.email).exists():
            continue
        account = actions.create_account(
            email=person.email, full_name=person.name, password=PASSWORD, actor=by, place=place, now=now
        )
        if person.role:
            actions.assign_role(account, person.role, by=None, actor=by, place=place, now=now)
        _relations(person, account, by, place, now=now)


def _relations(person: Person, account: Account, by: ActorRef, place: Place, *, now: datetime) -> None:
    """Connect an account with the patient that it is, acts for, or treats."""
    alice, charlie = _patient(ALICE_SCANNED), _patient(CHARLIE_SCANNED)
    if person.role is Role.TREATING_CLINICIAN:
        actions.add_care_relation(account, alice, kind=CareKind.ORDERING, actor=by, place=place, now=now)
    if person.role:
        return
    proof = actions.prove_identity(
        account,
        method=ProofMethod.DOCUMENT,
        evidence="driver's licence",
        by=None,
        actor=by,
        place=place,
        now=now,
    )
    if person is RUTH:
        actions.add_representative(
            account,
            alice,
            authority=Authority.POWER_OF_ATTORNEY,
            proof=proof,
            valid_until=now + timedelta(days=365),
            actor=by,
            place=place,
            now=now,
        )
        return
    mine = alice if person is ALICE else charlie
    actions.link_patient(account, mine, proof=proof, actor=by, place=place, now=now)


def _work(place: Place, *, now: datetime) -> None:
    """Charlie's letter came three weeks ago, and he has a question: so the desk shows what it looks like at work."""
    charlie, hal = (Account.objects.get(email=person.email) for person in (CHARLIE, STAFF[0]))
    patient = _patient(CHARLIE_SCANNED)
    # The newest of his: somebody may have brought him more before the demo is made again on a rebuilt index.
    abdomen = Study.objects.filter(patient=patient, performed_at__isnull=False).latest("performed_at")
    if not ReleaseRequest.objects.exists():
        wanted = asking.Asked(
            patient=patient,
            studies=[abdomen],
            requester_name=CHARLIE.name,
            contact="12 Harbor Road, Lakeside",
            channel=Channel.LETTER,
            delivery=Arrival.MAIL,
            signature=CHARLIE.name,
            received_at=now - timedelta(days=22),
        )
        asking.receive(wanted, by=hal, now=now, place=place)
    if not Question.objects.exists():
        questions.ask(abdomen, body="How long do you keep my pictures?", by=charlie, now=now, place=place)


def _patient(scanned: SyntheticPatient) -> Patient:
    """Return the record of a scanned person."""
    return PatientIdentifier.objects.select_related("patient").get(value=scanned.patient_id, issuer=ISSUER).patient
