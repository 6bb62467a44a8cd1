"""More people than the cast: each of them stands to a record in one way that must not be mixed up with another."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID, uuid4

from django.utils import timezone

from cast import BY, PASSWORD, PLACE, Cast, assemble, person
from scanward.access.glass import break_glass
from scanward.access.models import BrokenGlass, SensitiveStudy
from scanward.archive.models import Study
from scanward.intake.models import Upload, UploadState
from scanward.law.representatives import Care
from scanward.oversight.models import ReviewTask
from scanward.people import actions
from scanward.people.kinds import Authority, CareKind, GlassReason, ProofMethod, Role
from scanward.people.models import Account, Patient, PatientIdentifier, Representation
from scanward.people.staff import propose_role

WORDS = "The patient is unconscious in the emergency room."


@dataclass
class World:
    """Everybody by name, and every record by name."""

    cast: Cast
    people: dict[str, Account]
    patients: dict[str, Patient]
    studies: dict[str, Study]
    rows: dict[str, UUID]


def gather(*, with_password: bool = False) -> World:
    """Make the cast and the crowd, as of now."""
    cast, now = assemble(with_password=with_password), timezone.now()
    people = cast.everybody()
    mia = patient("Mia", "Rivera", born=date(now.year - 12, 5, 4))
    dora = patient("Dora", "Novak", born=date(1930, 1, 1), died=now.date() - timedelta(days=30))
    studies = {
        "chest": cast.chest,
        "abdomen": cast.abdomen,
        "prior": study(cast.alices),
        "mias": study(mia),
        "secret": study(mia),
        "doras": study(dora),
    }
    SensitiveStudy.objects.create(
        study_id=studies["secret"].id, patient=mia, care=Care.PREGNANCY.value, other_consent=True, labelled_at=now
    )
    for name, role in {
        "fay": Role.FRONT_DESK, "lena": Role.HIM_LEAD, "seth": Role.SECURITY_OFFICER, "sue": Role.ADMINISTRATOR,
        "gloria": Role.TREATING_CLINICIAN, "late": Role.TREATING_CLINICIAN, "rex": Role.REFERRING_CLINICIAN,
        "former": Role.TREATING_CLINICIAN, "closed": Role.TREATING_CLINICIAN,
    }.items():  # fmt: skip
        people[name] = person(name, password=PASSWORD if with_password else None)
        actions.assign_role(people[name], role, by=None, actor=BY, place=PLACE, now=now - timedelta(hours=9))
    for name in (
        "ended",
        "early",
        "refused",
        "narrow",
        "pam",
        "grown",
        "guardian",
        "attorney",
        "executor",
        "dead",
        "unlinked",
    ):
        people[name] = person(name, password=PASSWORD if with_password else None)
    _representatives(people, cast.alices, mia, dora, now=now)
    link(people["dead"], dora, now=now)
    _clinicians(people, cast.alices, now=now)
    glass = break_glass(
        people["gloria"], cast.alices, reason=GlassReason.LIFE_THREATENING, words=WORDS, place=PLACE, now=now
    )
    old = break_glass(people["late"], cast.alices, reason=GlassReason.OTHER_URGENT, words=WORDS, place=PLACE, now=now)
    BrokenGlass.objects.filter(pk=old.pk).update(opened_at=now - timedelta(hours=3), ends_at=now - timedelta(hours=2))
    asked = propose_role(
        email="new@example.org",
        full_name="New Clerk",
        role=Role.HIM_CLERK,
        by=people["sam"],
        reason="",
        place=PLACE,
        now=now,
    )
    task = ReviewTask.objects.create(
        rule="night",
        account=people["dana"],
        fingerprint="x",
        count=1,
        first_seq=0,
        last_seq=1,
        opened_at=now,
        due_at=now,
    )
    from scanward.oversight.actions import start_access_review

    review = start_access_review(by=people["priya"], place=PLACE, now=now)
    patients = {"alices": cast.alices, "charlies": cast.charlies, "mia": mia, "dora": dora}
    made = _releases(people["alice"], cast, now=now)
    made |= {"authority": cast.authority.id, "proof": cast.authority.proof_id}
    rows = made | {"glass": glass.id, "task": task.id, "proposal": asked.id, "review": review.id}
    brought = Upload.objects.create(
        account=cast.alice, patient=cast.alices, by_staff=False, started_at=now, touched_at=now, state=UploadState.DONE
    )
    return World(cast, people, patients, studies, rows | {"upload": brought.id})


def patient(given: str, family: str, *, born: date, died: date | None = None) -> Patient:
    """Make a patient's record."""
    made = Patient.objects.create(given_name=given, family_name=family, birth_date=born, died_on=died, sex="F")
    PatientIdentifier.objects.create(patient=made, value=f"LH-{given}", issuer="LAKESIDE")
    return made


def study(of: Patient) -> Study:
    """Make a study without images; its rights are what counts."""
    key = uuid4().hex
    return Study.objects.create(
        patient=of,
        study_instance_uid=f"2.25.{int(key, 16)}",
        key_id=key,
        description="CHEST",
        received_at=timezone.now(),
    )


def link(account: Account, to: Patient, *, now) -> None:
    """Connect an account with its patient."""
    proof = actions.prove_identity(
        account, method=ProofMethod.DOCUMENT, evidence="passport", by=None, actor=BY, place=PLACE, now=now
    )
    actions.link_patient(account, to, proof=proof, actor=BY, place=PLACE, now=now)


def represent(account: Account, whom: Patient, kind: Authority, *, now, **more) -> Representation:
    """Write an authority into the file, also one that could not be entered today."""
    proof = actions.prove_identity(
        account, method=ProofMethod.DOCUMENT, evidence="court paper", by=None, actor=BY, place=PLACE, now=now
    )
    return Representation.objects.create(
        account=account,
        patient=whom,
        authority=kind.value,
        proof=proof,
        **{"valid_from": now - timedelta(days=9), **more},
    )


def _representatives(people, alices, mia, dora, *, now) -> None:
    """Let some act for others; all but ruth, pam, guardian and executor in a way that does not hold."""
    attorney = Authority.POWER_OF_ATTORNEY
    represent(people["ended"], alices, attorney, now=now, valid_until=now - timedelta(seconds=1))
    represent(people["early"], alices, attorney, now=now, valid_from=now + timedelta(hours=1))
    represent(
        people["refused"], alices, attorney, now=now, refused_at=now, refused_by=people["dana"], refusal_reason="abuse"
    )
    represent(people["narrow"], alices, attorney, now=now, study_ids=[str(uuid4())])
    represent(people["pam"], mia, Authority.PARENT, now=now)
    represent(people["grown"], alices, Authority.PARENT, now=now)
    represent(people["guardian"], mia, Authority.GUARDIAN, now=now)
    represent(people["attorney"], dora, attorney, now=now)
    represent(people["executor"], dora, Authority.EXECUTOR, now=now)


def _clinicians(people, alices, *, now) -> None:
    """Let some treat Alice no longer, or be here no longer."""
    for name in ("rex", "former", "closed"):
        actions.add_care_relation(
            people[name], alices, kind=CareKind.REFERRAL, actor=BY, place=PLACE, now=now - timedelta(hours=9)
        )
    people["rex"].care_relations.update(valid_until=now - timedelta(seconds=1))
    people["former"].assignments.update(ended_at=now - timedelta(seconds=1))
    Account.objects.filter(pk=people["closed"].pk).update(is_active=False)


def _releases(alice: Account, cast: Cast, *, now) -> dict[str, UUID]:
    """A request and a link that are Alice's."""
    from scanward.release.actions import Asked, receive
    from scanward.release.sharing import Wish, create

    asked = receive(Asked(patient=cast.alices, studies=[cast.chest]), by=alice, now=now, place=PLACE)
    share = create(
        Wish(recipient_name="Dr. Other", studies=[cast.chest], expires_at=now + timedelta(days=3)),
        by=alice,
        now=now,
        place=PLACE,
    ).share
    return {"share": share.pk, "request": asked.pk}
