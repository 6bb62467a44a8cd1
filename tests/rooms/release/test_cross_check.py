"""The register of disclosures, its accounting and the ledger say the same, both ways (fault E7; L5, L6)."""

import pytest
from django.db import transaction

from cast import NOW, PLACE, Cast
from rooms.release.helping import later
from scanward.access.actors import actor_of, reference
from scanward.audit.kinds import EventKind
from scanward.audit.models import Entry
from scanward.law.bases import Basis
from scanward.law.purpose import PurposeOfUse
from scanward.people.models import Patient
from scanward.release import packages, rights, sharing
from scanward.release.disclosures import account_for, disclose
from scanward.release.models import Disclosure, Letter

pytestmark = pytest.mark.django_db


@pytest.fixture
def given_out(cast: Cast) -> Cast:
    """Copies to the patient, her clinician and another patient; an opened link; a disclosure to the police."""
    asked = PurposeOfUse.PATIENT_REQUEST
    for who, study, purpose in (
        (cast.alice, cast.chest, asked),
        (cast.dana, cast.chest, PurposeOfUse.TREATMENT),
        (cast.charlie, cast.abdomen, asked),
    ):
        packages.prepare(who, study, purpose=purpose, language="en", now=NOW, place=PLACE)
    wish = sharing.Wish(
        recipient_name="Dr. Okoye", recipient_organization="Riverside", studies=[cast.chest], expires_at=later(days=7)
    )
    made = sharing.create(wish, by=cast.alice, now=NOW, place=PLACE)
    sharing.redeem(made.secret, visitor="Dr. Okoye", passcode="", now=NOW, place=PLACE)
    to_the_police(cast)
    return cast


def to_the_police(cast: Cast) -> Disclosure:
    """A disclosure that the law makes count."""
    with transaction.atomic():
        return disclose(
            [cast.chest],
            recipient="County sheriff",
            address="1 Court Square",
            description="CT images",
            basis=Basis.POLICE_PROCESS,
            channel="paper",
            by=reference(actor_of(cast.hal, now=NOW)),
            now=NOW,
            place=PLACE,
        )


def entries() -> dict[str, Entry]:
    """The ledger's disclosures by the row that each is about; two about one row would be one too few here."""
    found = list(Entry.objects.filter(kind=EventKind.DISCLOSED))
    about = {entry.subject_id: entry for entry in found}
    assert len(about) == len(found)
    return about


def counted_in_the_ledger(of: Patient) -> int:
    """How many of a patient's entries rest on a basis that the accounting has to name, told from the ledger alone."""
    rows = [entry for entry in entries().values() if entry.patient_id == str(of.pk)]
    as_rows = [Disclosure(basis=Basis[str(entry.detail["basis"])].value, at=entry.at) for entry in rows]
    return sum(row.accountable for row in as_rows)


def test_each_row_has_its_entry_and_each_entry_its_row(given_out: Cast) -> None:
    """Fault E7: equal counts both ways, about the same patients, on the same basis, at the same time."""
    rows = {str(row.pk): row for row in Disclosure.objects.all()}
    about = entries()
    assert len(rows) == 5
    assert about.keys() == rows.keys()
    for key, entry in about.items():
        assert (entry.patient_id, entry.at) == (str(rows[key].patient_id), rows[key].at)
        assert (entry.detail["basis"], entry.detail["channel"]) == (Basis(rows[key].basis).name, rows[key].channel)


def test_the_accounting_counts_what_the_ledger_counts(given_out: Cast) -> None:
    """Fault E7: from the register and from the ledger, for each patient; the one to the police and the link."""
    for of, expected in ((given_out.alices, 2), (patient_of(given_out), 0)):
        told = sum(entry.times for entry in account_for(of, now=later(days=1)))
        assert told == counted_in_the_ledger(of) == expected


def patient_of(cast: Cast) -> Patient:
    """Charlie's record."""
    return cast.abdomen.patient


@pytest.mark.parametrize("undo", ["row", "entry"])
def test_a_deed_that_fails_leaves_neither_row_nor_entry(
    given_out: Cast, undo: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Faults E2, E7: the two can not come apart, whichever of them fails."""
    before = (Disclosure.objects.count(), len(entries()))

    def fails(*_given: object, **_named: object) -> None:
        raise RuntimeError("the disk is full")

    if undo == "row":
        monkeypatch.setattr(Disclosure.objects, "create", fails)
    else:
        monkeypatch.setattr("scanward.release.disclosures.record", fails)
    with pytest.raises(RuntimeError):
        to_the_police(given_out)
    assert (Disclosure.objects.count(), len(entries())) == before


def test_the_letter_with_the_accounting_is_itself_in_the_ledger(given_out: Cast) -> None:
    """Requirement L5: asked for and given, once each, and that is no disclosure."""
    before = len(entries())
    kept = rights.give_accounting(given_out.alices, by=given_out.alice, language="en", now=later(days=1), place=PLACE)
    assert Letter.objects.filter(pk=kept.pk).exists()
    for kind in (EventKind.ACCOUNTING_REQUESTED, EventKind.ACCOUNTING_GIVEN):
        assert Entry.objects.filter(kind=kind, patient_id=str(given_out.alices.pk)).count() == 1
    assert len(entries()) == before
