"""The people of the tests, and the scans that they have.

Alice is the patient, Ruth her representative, Charlie an unrelated patient. Hal works in medical records, Dana treats
Alice, Bo does the billing, Priya is the privacy officer, Ravi a researcher, Sam the administrator.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache

from scanward.access.actors import actor_of
from scanward.access.kinds import Actor
from scanward.archive.models import ReportStatus, Study
from scanward.archive.reports import Section, SectionKind, store_report
from scanward.archive.store import Sender
from scanward.audit.event import ActorRef, Place
from scanward.audit.kinds import Channel
from scanward.dicom.synthetic import SyntheticPatient, SyntheticStudy, study
from scanward.intake.receive import Item, Received, receive
from scanward.law.identity import How, Proof, Shown
from scanward.people import actions
from scanward.people.kinds import Authority, CareKind, ProofMethod, Role
from scanward.people.models import Account, Patient, PatientIdentifier, Representation

# Before the clock that pages look at, so that what is made now holds already.
NOW = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=1)
PASSWORD = "a-long-enough-password"
PLACE = Place("192.0.2.7", "tests", Channel.COMMAND)
BY = ActorRef.system("tests")
ISSUER = "LAKESIDE"
# How the desk usually sees who asks, and the same as its form sends it.
PHOTO_ID = Shown(How.IN_PERSON, Proof.GOVERNMENT_ID)
BY_PHOTO_ID = {"proof": PHOTO_ID.proof.value, "how": PHOTO_ID.how.value}

ALICE = SyntheticPatient("Rivera^Alice", "LH-100482", date(1961, 4, 17), "F", ISSUER)
CHARLIE = SyntheticPatient("Novak^Charlie", "LH-100733", date(1974, 11, 2), "M", ISSUER)
# Dana treats Nora, too, and compares her two scans; only the browser tests have her.
NORA = SyntheticPatient("Lind^Nora", "LH-100911", date(1958, 2, 9), "F", ISSUER)

STAFF = {
    "hal": Role.HIM_CLERK,
    "dana": Role.TREATING_CLINICIAN,
    "bo": Role.BILLING,
    "priya": Role.PRIVACY_OFFICER,
    "ravi": Role.RESEARCHER,
    "sam": Role.ADMINISTRATOR,
}


@dataclass
class Cast:
    """Everybody, with the scans of two of them."""

    alice: Account
    ruth: Account
    charlie: Account
    hal: Account
    dana: Account
    bo: Account
    priya: Account
    ravi: Account
    sam: Account
    alices: Patient
    charlies: Patient
    chest: Study
    abdomen: Study
    authority: Representation

    def everybody(self) -> dict[str, Account]:
        """All accounts by name."""
        return {name: value for name, value in vars(self).items() if isinstance(value, Account)}


def assemble(*, with_password: bool = False) -> Cast:
    """Make everybody and their scans, by the same verbs as in life."""
    chest, abdomen = bring(chest_of(ALICE)), bring(abdomen_of(CHARLIE))
    names = ("alice", "ruth", "charlie", *STAFF)
    people = {name: person(name, password=PASSWORD if with_password else None) for name in names}
    alices, charlies = patient(ALICE), patient(CHARLIE)
    for name, role in STAFF.items():
        actions.assign_role(people[name], role, by=None, actor=BY, place=PLACE, now=NOW)
    actions.add_care_relation(people["dana"], alices, kind=CareKind.ORDERING, actor=BY, place=PLACE, now=NOW)
    link(people["alice"], alices)
    link(people["charlie"], charlies)
    authority = represent(people["ruth"], alices, until=NOW + timedelta(days=30))
    return Cast(**people, alices=alices, charlies=charlies, chest=chest, abdomen=abdomen, authority=authority)


def more_staff() -> None:
    """Lena leads medical records, Dora is a doctor who had no part in anything, and Sue the second administrator."""
    for name, role in (
        ("lena", Role.HIM_LEAD),
        ("dora", Role.REFERRING_CLINICIAN),
        ("sue", Role.ADMINISTRATOR),
    ):
        account = person(name, password=PASSWORD)
        actions.assign_role(account, role, by=None, actor=BY, place=PLACE, now=NOW)


def two_scans() -> None:
    """Nora and her two scans."""
    bring(chest_of(NORA, seed=31))
    bring(abdomen_of(NORA, seed=37))
    dana = Account.objects.get(email="dana@example.org")
    actions.add_care_relation(dana, patient(NORA), kind=CareKind.CARE_TEAM, actor=BY, place=PLACE, now=NOW)


def person(name: str, *, password: str | None = None) -> Account:
    """Make one account."""
    return actions.create_account(
        email=f"{name}@example.org",
        full_name=name.capitalize(),
        password=password,
        actor=BY,
        place=PLACE,
        now=NOW,
    )


def link(account: Account, to: Patient) -> None:
    """Connect an account with the patient that it is."""
    proof = actions.prove_identity(
        account, method=ProofMethod.DOCUMENT, evidence="passport", by=None, actor=BY, place=PLACE, now=NOW
    )
    actions.link_patient(account, to, proof=proof, actor=BY, place=PLACE, now=NOW)


def represent(
    account: Account, whom: Patient, *, until: datetime | None, studies: tuple[Study, ...] = ()
) -> Representation:
    """Let an account act for a patient."""
    proof = actions.prove_identity(
        account, method=ProofMethod.DOCUMENT, evidence="power of attorney", by=None, actor=BY, place=PLACE, now=NOW
    )
    return actions.add_representative(
        account,
        whom,
        authority=Authority.POWER_OF_ATTORNEY,
        proof=proof,
        valid_until=until,
        study_ids=tuple(item.id for item in studies),
        actor=BY,
        place=PLACE,
        now=NOW,
    )


def patient(scanned: SyntheticPatient) -> Patient:
    """Return the record of a scanned person."""
    return PatientIdentifier.objects.get(value=scanned.patient_id, issuer=scanned.issuer).patient


def actor(account: Account, *, now: datetime = NOW) -> Actor:
    """Return what a decision knows about somebody."""
    return actor_of(account, now=now)


def sender(to: Patient | None = None) -> Sender:
    """Return who brings scans in."""
    return Sender(BY, PLACE, ISSUER, to)


@cache
def chest_of(scanned: SyntheticPatient, *, seed: int = 11) -> SyntheticStudy:
    """A small chest CT; made once."""
    return study("chest", seed=seed, patient=scanned, matrix=64, slices=6)


@cache
def abdomen_of(scanned: SyntheticPatient, *, seed: int = 23) -> SyntheticStudy:
    """A small abdominal CT; made once."""
    return study("abdomen", seed=seed, patient=scanned, matrix=64, slices=5)


def items(made: SyntheticStudy) -> list[Item]:
    """Return a study's files as they arrive."""
    return [Item(file.name, file.data) for file in made.files]


def take_in(made: SyntheticStudy, **kwargs: object) -> list[Received]:
    """Receive a study's files."""
    return list(receive(items(made), sender=sender(**kwargs), now=NOW))  # type: ignore[arg-type]


def bring(made: SyntheticStudy) -> Study:
    """Receive a study with its report."""
    take_in(made)
    kept = Study.objects.get(study_instance_uid=made.study_instance_uid)
    sections = [Section(SectionKind(part.kind.value), part.text) for part in made.report.sections]
    store_report(kept, sections, status=ReportStatus.FINAL, finalized_at=NOW, sender=sender(), now=NOW)
    return kept
