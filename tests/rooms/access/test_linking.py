"""Connecting an account with a record: four ways, by those who may, and never by a machine's guess."""

from datetime import date, timedelta

import pytest
from django.core import mail

from cast import ALICE, CHARLIE, NOW, PLACE, person
from cast import patient as record_of
from crowd import patient
from scanward.access import linking
from scanward.access.actions import AccessRefused
from scanward.audit.kinds import EventKind
from scanward.audit.models import Entry
from scanward.people.actions import NotAllowed
from scanward.people.contacts import change_contact
from scanward.people.invitations import account_for
from scanward.people.kinds import ContactSystem, ProofMethod
from scanward.people.models import ContactPoint, PatientLink
from scanward.people.proofing import purge_documents, try_code

pytestmark = pytest.mark.django_db
BORN = date(1990, 2, 3)
PICTURE = b"\x89PNG\r\n\x1a\n" + b"passport" * 9


@pytest.fixture(autouse=True)
def mails(settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"


@pytest.fixture
def nora():
    return patient("Nora", "Berg", born=BORN)


@pytest.fixture
def account():
    return person("nora")


def by(cast, name="hal"):
    return {"by": getattr(cast, name), "place": PLACE, "now": NOW}


def on_file(nora, system, value):
    return ContactPoint.objects.create(patient=nora, system=system.value, value=value, since=NOW)


def test_a_code_that_is_handed_over_connects_with_the_date_of_birth(cast, nora, account):
    """C1, C4."""
    code = linking.hand_code(account, nora, **by(cast))
    link = try_code(account, code, BORN, place=PLACE, now=NOW)
    assert link.proof.method == ProofMethod.IN_PERSON.value


def test_a_code_to_an_e_mail_address_on_file_is_seen_by_nobody_at_the_desk(
    cast, nora, account, django_capture_on_commit_callbacks
):
    """C4: nobody has to come."""
    contact = on_file(nora, ContactSystem.EMAIL, "nora@old.example.org")
    with django_capture_on_commit_callbacks(execute=True):
        assert linking.send_code(account, nora, contact, **by(cast)) == ""
    letter = mail.outbox[-1]
    assert letter.to == ["nora@old.example.org"]
    assert "Berg" not in letter.subject + letter.body
    code = letter.body.split("is ")[1][:11]
    assert try_code(account, code, BORN, place=PLACE, now=NOW)


def test_a_code_for_a_letter_is_returned_once_and_a_telephone_gets_none(cast, nora, account):
    assert len(linking.send_code(account, nora, on_file(nora, ContactSystem.POST, "1 Lake St"), **by(cast))) == 10
    with pytest.raises(NotAllowed):
        linking.send_code(account, nora, on_file(nora, ContactSystem.PHONE, "555-0101"), **by(cast))
    with pytest.raises(NotAllowed):
        linking.send_code(account, record_of(CHARLIE), on_file(nora, ContactSystem.POST, "1 Lake St"), **by(cast))


def test_a_document_connects_and_its_copy_is_purged(cast, nora, account):
    """C7."""
    link = linking.link_by_document(account, nora, evidence="passport", document=PICTURE, **by(cast))
    assert linking.open_copy(link.proof, nora, **by(cast)) == PICTURE
    assert Entry.objects.filter(kind=EventKind.IDENTITY_EVIDENCE_VIEWED.value).count() == 1
    assert purge_documents(place=PLACE, now=NOW + timedelta(days=31)) == 1
    link.proof.refresh_from_db()
    with pytest.raises(NotAllowed):
        linking.open_copy(link.proof, nora, **by(cast))


def test_without_a_word_about_the_paper_nothing_is_connected(cast, nora, account):
    with pytest.raises(NotAllowed):
        linking.link_by_document(account, nora, evidence=" ", document=PICTURE, **by(cast))
    assert not PatientLink.objects.filter(patient=nora).exists()


def test_an_account_that_was_verified_before_is_enough(cast, nora, account):
    """C2: Ruth has shown her papers as Alice's representative; a new account has shown nothing."""
    with pytest.raises(NotAllowed, match="Nobody has verified"):
        linking.link_by_account(account, nora, **by(cast))
    link = linking.link_by_account(cast.ruth, nora, **by(cast))
    assert link.proof.method == ProofMethod.EXISTING_ACCOUNT.value


def test_twins_are_told_apart_by_a_document_only(cast, nora, account):
    """C2: never by a machine; a document that a person looked at tells them apart."""
    patient("Nina", "Berg", born=BORN)
    with pytest.raises(NotAllowed, match="same name"):
        linking.link_by_account(cast.ruth, nora, **by(cast))
    with pytest.raises(NotAllowed, match="same name"):
        linking.send_code(account, nora, on_file(nora, ContactSystem.POST, "1 Lake St"), **by(cast))
    assert linking.link_by_document(account, nora, evidence="passport", document=PICTURE, **by(cast))


def test_a_record_has_one_account(cast, account):
    with pytest.raises(NotAllowed, match="already"):
        linking.hand_code(account, record_of(ALICE), **by(cast))
    with pytest.raises(NotAllowed, match="already"):
        linking.link_by_document(account, record_of(ALICE), evidence="passport", document=PICTURE, **by(cast))


def test_a_connection_that_was_a_mistake_ends_at_once(cast):
    link = PatientLink.objects.get(patient=cast.alices)
    linking.unlink(link, **by(cast))
    linking.unlink(link, **by(cast))
    assert Entry.objects.filter(kind=EventKind.ACCOUNT_UNLINKED.value).count() == 1


def test_nobody_verifies_themselves(cast, nora):
    with pytest.raises(NotAllowed):
        linking.hand_code(cast.hal, nora, **by(cast))
    with pytest.raises(NotAllowed):
        linking.link_by_account(cast.hal, nora, **by(cast))


@pytest.mark.parametrize("name", ["bo", "dana", "sam", "ravi", "alice"])
def test_others_connect_nobody(cast, nora, account, name):
    """K1."""
    for verb in (linking.hand_code, linking.link_by_account):
        with pytest.raises(AccessRefused):
            verb(account, nora, **by(cast, name))


def test_a_changed_address_is_told_to_the_one_before_and_to_the_account(cast, django_capture_on_commit_callbacks):
    """I12: contact change alerts the old address, without a word about the record."""
    about = {"confidential": False, "actor": linking.reference(linking.actor_of(cast.hal, now=NOW))}
    change_contact(cast.alices, ContactSystem.EMAIL, "old@example.org", place=PLACE, now=NOW, **about)
    with django_capture_on_commit_callbacks(execute=True):
        change_contact(cast.alices, ContactSystem.EMAIL, "new@example.org", place=PLACE, now=NOW, **about)
    assert sorted(letter.to[0] for letter in mail.outbox) == ["alice@example.org", "old@example.org"]
    assert "new@example.org" not in "".join(letter.body for letter in mail.outbox)
    with pytest.raises(NotAllowed):
        change_contact(cast.alices, ContactSystem.EMAIL, "nothing", place=PLACE, now=NOW, **about)


def test_a_new_person_is_invited_and_a_closed_account_is_not(cast, django_capture_on_commit_callbacks):
    actor = linking.reference(linking.actor_of(cast.hal, now=NOW))
    with django_capture_on_commit_callbacks(execute=True):
        made = account_for(" New@Example.org", "New Person", actor=actor, place=PLACE, now=NOW)
    assert (made.email, mail.outbox[-1].to) == ("new@example.org", ["new@example.org"])
    assert account_for("new@example.org", "", actor=actor, place=PLACE, now=NOW) == made
    with pytest.raises(NotAllowed):
        account_for("nobody", "No Body", actor=actor, place=PLACE, now=NOW)
    type(made).objects.filter(pk=made.pk).update(is_active=False)
    with pytest.raises(NotAllowed):
        account_for("new@example.org", "", actor=actor, place=PLACE, now=NOW)
