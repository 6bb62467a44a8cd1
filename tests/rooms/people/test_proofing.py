"""How it is made sure that an account belongs to a patient, without anybody having to come."""

from datetime import date, timedelta

import pytest

from cast import BY, NOW, PLACE, person
from crowd import patient
from scanward.audit.kinds import EventKind
from scanward.audit.models import Entry
from scanward.people.actions import NotAllowed
from scanward.people.kinds import ProofMethod
from scanward.people.models import AddressCode, PatientLink
from scanward.people.proofing import (
    MOST_TRIES,
    check_document,
    make_code,
    near_identical,
    open_document,
    purge_documents,
    try_code,
)  # fmt: skip
from scanward.people.seals import SealBroken, unseal

pytestmark = pytest.mark.django_db
BORN = date(1961, 4, 17)
PICTURE = b"\x89PNG\r\n\x1a\n" + b"passport" * 9


@pytest.fixture
def alice():
    return person("alice")


@pytest.fixture
def record():
    return patient("Alice", "Rivera", born=BORN)


def sent(alice, record, method=ProofMethod.CODE_TO_ADDRESS):
    return make_code(alice, record, method=method, actor=BY, place=PLACE, now=NOW)


def tried(alice, code, *, born=BORN, now=NOW):
    return try_code(alice, code, born, place=PLACE, now=now)


@pytest.mark.parametrize("method", [ProofMethod.CODE_TO_ADDRESS, ProofMethod.IN_PERSON])
def test_code_and_date_of_birth_connect_the_record(alice, record, method):
    """C1, C4: the proof says how, and when."""
    code = sent(alice, record, method)
    link = tried(alice, f" {code[:5]}-{code[5:].lower()} ")
    assert (link.patient, link.proof.method) == (record, method.value)
    assert tried(alice, code) is None


def test_wrong_code_wrong_birthday_and_another_account_look_the_same(alice, record):
    code = sent(alice, record)
    assert tried(alice, "B" * 10) is None
    assert tried(alice, code, born=date(1961, 4, 18)) is None
    assert tried(person("charlie"), code) is None
    assert Entry.objects.filter(kind=EventKind.IDENTITY_REFUSED).count() == 2


def test_after_five_tries_the_code_is_worth_nothing(alice, record):
    code = sent(alice, record)
    for _n in range(MOST_TRIES):
        tried(alice, "wrong")
    assert tried(alice, code) is None


def test_a_code_ends_by_itself_and_by_a_newer_one(alice, record):
    first, second = sent(alice, record), sent(alice, record)
    assert tried(alice, first) is None
    assert tried(alice, second, now=NOW + timedelta(days=22)) is None
    assert not PatientLink.objects.exists()


def test_the_code_is_not_stored(alice, record):
    code = sent(alice, record)
    assert code not in str(AddressCode.objects.values().get())
    assert code not in "".join(Entry.objects.values_list("body", flat=True))


def test_twins_are_never_connected_by_a_code_in_the_mail(alice, record):
    """Two with the same family name and birthday: a person looks at a document."""
    assert not near_identical(record)
    patient("Alicia", "RIVERA", born=BORN)
    assert near_identical(record)
    with pytest.raises(NotAllowed):
        sent(alice, record)


def test_a_way_without_a_code_has_none(alice, record):
    with pytest.raises(NotAllowed):
        sent(alice, record, ProofMethod.DOCUMENT)


def checked(alice, document=PICTURE):
    hal = person("hal")
    return check_document(alice, evidence="passport", document=document, by=hal, actor=BY, place=PLACE, now=NOW)


def test_the_copy_of_a_document_is_sealed_and_each_look_is_written_down(alice):
    """C7."""
    proof = checked(alice)
    assert b"passport" not in bytes(proof.document)
    assert open_document(proof, actor=BY, place=PLACE, now=NOW) == PICTURE
    assert Entry.objects.filter(kind=EventKind.IDENTITY_EVIDENCE_VIEWED).count() == 1


def test_a_copy_in_anothers_place_does_not_open(alice):
    proof = checked(alice)
    with pytest.raises(SealBroken):
        unseal(bytes(proof.document), purpose="identity documents", bound_to="another proof")


def test_copies_are_destroyed_after_their_time(alice, settings):
    """C7: the proof stays, the picture goes."""
    proof = checked(alice)
    late = NOW + timedelta(days=settings.DOCUMENT_KEPT_DAYS)
    assert purge_documents(place=PLACE, now=late - timedelta(seconds=1)) == 0
    assert purge_documents(place=PLACE, now=late) == 1
    assert purge_documents(place=PLACE, now=late) == 0
    proof.refresh_from_db()
    assert (proof.document, proof.purged_at) == (None, late)
    with pytest.raises(NotAllowed):
        open_document(proof, actor=BY, place=PLACE, now=late)


@pytest.mark.parametrize("document", [b"", b"<html>", b"MZ\x90", PICTURE + b"x" * 9_000_000])
def test_what_is_no_document_is_not_kept(alice, document):
    with pytest.raises(NotAllowed):
        checked(alice, document)
