"""Reports that come without images go to their examination with certainty, or wait for it or for a person (F8)."""

from datetime import date, timedelta

import pytest
from django.test import Client

from cast import ALICE, CHARLIE, ISSUER, NOW, PLACE, abdomen_of, actor, chest_of, sender, take_in
from rooms.reporting.messages import oru, pdf_line
from scanward.access.actions import AccessRefused
from scanward.archive.arrivals import Result
from scanward.archive.models import HeldObject, HeldReason, Report, ReportStatus, Study
from scanward.archive.place import vault
from scanward.archive.rebuild import recover
from scanward.archive.reports import current
from scanward.archive.results import read, take
from scanward.archive.versions import OutOfOrder
from scanward.audit.models import Entry
from scanward.dicom.synthetic import study
from scanward.intake import actions
from scanward.people.actions import NotAllowed

pytestmark = pytest.mark.django_db

NEW_EXAM = study("chest", seed=77, patient=ALICE, matrix=32, slices=3)


def send(data: bytes, *, now=NOW):
    [taken] = take(read(data), data, sender=sender(), now=now)
    return taken


def early(**kwargs) -> bytes:
    """A report of an examination whose images are not here yet."""
    return oru(accession=NEW_EXAM.accession_number, **kwargs)


def test_a_report_becomes_the_next_version_of_its_examination(cast):
    taken = send(oru())
    assert (taken.result, taken.report.study, taken.report.version) == (Result.KEPT, cast.chest, 2)
    # The examination had a final report before.
    assert taken.report.status == ReportStatus.AMENDED
    assert Entry.objects.filter(kind="report_amended").exists()


def test_the_same_message_is_kept_once_and_so_is_the_same_report_under_another_id(cast):
    first = send(oru())
    assert send(oru()).result is Result.DUPLICATE
    assert send(oru(control="2")).report == first.report
    assert Report.objects.filter(study=cast.chest).count() == 2


def test_an_old_message_that_comes_again_is_not_the_latest_version(cast):
    send(oru("FINDINGS: one"))
    second = send(oru("FINDINGS: two", control="2"))
    assert send(oru("FINDINGS: one")).result is Result.DUPLICATE
    assert cast.chest.reports.first() == second.report


def test_preliminary_then_final_then_corrected(cast):
    take_in(NEW_EXAM)
    sent = [send(early(status=status, control=status)).report.status for status in "PFC"]
    assert sent == ["preliminary", "final", "amended"]
    with pytest.raises(OutOfOrder):
        send(early(status="P", control="9"))


def signed(message: bytes, at: str) -> bytes:
    return message.replace(b"20260312120000-0600", at.encode())


@pytest.mark.parametrize("how", ["W", "X", "D"])
def test_a_report_that_is_taken_back_is_a_new_version_and_no_copy_has_it(cast, how):
    """F8: never silently final still, and never gone."""
    taken = send(oru(status=how if how == "X" else "F", lines=[f"OBX|1|TX|||gone||||||{how}"]))
    assert (taken.result, taken.report.version, taken.report.status) == (Result.KEPT, 2, ReportStatus.WITHDRAWN)
    assert current(cast.chest) is None
    assert Entry.objects.filter(kind="report_taken_back").count() == 1
    assert send(oru(status="X", lines=[], control="2")).result is Result.DUPLICATE


def test_where_nobody_had_a_report_it_is_cancelled_and_a_later_one_is_the_first(cast):
    take_in(NEW_EXAM)
    cancelled = send(early(status="X", lines=[], control="x")).report
    assert (cancelled.version, cancelled.status) == (1, ReportStatus.CANCELLED)
    report = send(signed(early(), "20260312121500-0600")).report
    assert (report.version, report.status) == (2, ReportStatus.FINAL)
    assert current(report.study) == report


@pytest.mark.parametrize("status", ["P", "F", "C"])
def test_an_old_report_does_not_undo_its_own_withdrawal(cast, status):
    """A message that was held up on its way, or is sent again, is older than what took the report back."""
    send(signed(oru(lines=["OBX|1|TX|||wrong||||||W"]), "20260312120500-0600"))
    with pytest.raises(OutOfOrder):
        send(oru("FINDINGS: wrong", status=status, control="3"))
    assert current(cast.chest) is None


def test_a_report_and_its_withdrawal_that_both_came_before_the_images_end_withdrawn(cast):
    send(early())
    send(
        signed(early(lines=["OBX|1|TX|||wrong||||||W"], control="2"), "20260312120500-0600"),
        now=NOW + timedelta(minutes=1),
    )
    take_in(NEW_EXAM)
    kept = Study.objects.get(study_instance_uid=NEW_EXAM.study_instance_uid)
    assert [report.status for report in kept.reports.all()] == [ReportStatus.WITHDRAWN, ReportStatus.FINAL]


@pytest.mark.parametrize(
    "message, reason",
    [
        (oru(accession="nowhere"), HeldReason.STUDY_UNKNOWN),
        (oru(number="LH-1", born=date(1990, 1, 1), name="New^Somebody"), HeldReason.STUDY_UNKNOWN),
        (oru(name="Rivers^Alicia"), HeldReason.PATIENT_DIFFERS),
        (oru(number="LH-999999"), HeldReason.PATIENT_MAYBE_DOUBLE),
        (oru(accession=abdomen_of(CHARLIE).accession_number), HeldReason.STUDY_UNKNOWN),
        (oru(extra=f"ZDS|{abdomen_of(CHARLIE).study_instance_uid}^^^DICOM"), HeldReason.STUDY_OF_OTHER_PATIENT),
        (oru(extra="ZDS|1.2.3.4^^^DICOM"), HeldReason.STUDY_UNKNOWN),
    ],
)
def test_what_is_not_certain_is_kept_apart(cast, message, reason):
    before = Report.objects.count()
    taken = send(message)
    assert (taken.result, taken.held, Report.objects.count()) == (Result.HELD, reason, before)
    assert send(message).result is Result.DUPLICATE
    assert HeldObject.objects.count() == 1


def test_two_examinations_under_one_accession_number_need_a_person(cast):
    Study.objects.create(
        patient=cast.alices,
        study_instance_uid="1.2.3",
        key_id="k",
        accession_number=cast.chest.accession_number,
        received_at=NOW,
    )
    assert send(oru()).held is HeldReason.STUDY_UNKNOWN
    assert send(oru(control="2", extra=f"ZDS|{cast.chest.study_instance_uid}^^^DICOM")).report.study == cast.chest


def test_a_report_that_came_first_goes_to_its_images_when_they_arrive(cast):
    assert send(early()).held is HeldReason.STUDY_UNKNOWN
    key = HeldObject.objects.get().key_id
    take_in(NEW_EXAM)
    kept = Study.objects.get(study_instance_uid=NEW_EXAM.study_instance_uid)
    assert kept.reports.get().status == ReportStatus.FINAL
    assert not HeldObject.objects.exists()
    assert vault().is_erased(key)


def test_a_message_about_two_examinations_is_two_reports(cast):
    """IHE RAD-28: one OBR for each."""
    second = oru().decode().split("\r")[2].replace(chest_of(ALICE).accession_number, "nowhere")
    data = oru(extra=second + "\rOBX|1|TX|||FINDINGS: other||||||F")
    taken = take(read(data), data, sender=sender(), now=NOW)
    assert [each.result for each in taken] == [Result.KEPT, Result.HELD]


def test_a_rebuilt_index_has_the_same_versions_and_cases(cast):
    send(oru("FINDINGS: one"))
    send(oru(lines=["OBX|1|TX|||FINDINGS: two|||HH|||F", pdf_line(b"%PDF-1.7 x")], control="2"))
    send(oru(accession="nowhere"))

    def rows():
        reports = Report.objects.order_by("version").values_list(
            "id", "version", "status", "critical", "sha256", "finalized_at"
        )
        return list(reports), list(
            HeldObject.objects.values_list("id", "form", "reason", "sha256", "study_instance_uid")
        )

    before = rows()
    assert any(report[3] for report in before[0])
    Report.objects.all().delete()
    HeldObject.objects.all().delete()
    recover(now=NOW, whole=True)
    assert rows() == before


@pytest.fixture
def held(cast):
    send(oru(accession="nowhere"))
    return HeldObject.objects.get()


def test_a_person_gives_it_to_an_examination(cast, held):
    actions.attach_reports(held, cast.chest, actor=actor(cast.hal), place=PLACE, now=NOW)
    assert cast.chest.reports.count() == 2
    assert not HeldObject.objects.exists()


def test_a_report_is_not_given_to_a_patient_as_a_whole(cast, held):
    by = {"actor": actor(cast.hal), "place": PLACE, "now": NOW}
    with pytest.raises(NotAllowed, match="one examination"):
        actions.attach_case(held, cast.alices, **by)
    with pytest.raises(NotAllowed, match="one examination"):
        actions.attach_to_new_patient(held, **by)


@pytest.mark.parametrize("who", ["alice", "dana", "bo", "ravi", "sam"])
def test_only_records_staff_decide(cast, held, who):
    with pytest.raises(AccessRefused):
        actions.attach_reports(held, cast.chest, actor=actor(getattr(cast, who)), place=PLACE, now=NOW)


def desk(cast) -> Client:
    client = Client()
    client.force_login(cast.hal)
    return client


def test_the_desk_shows_both_sides_and_settles_it(cast, held):
    hal = desk(cast)
    page = hal.get("/desk/cases/").content.decode()
    assert "What the report says" in page
    assert "nowhere" in page
    hal.post(f"/desk/cases/{held.id}/decide", {"decision": "study", "study": str(cast.chest.id)})
    assert cast.chest.reports.count() == 2


def test_the_desk_takes_two_numbers_and_says_when_they_name_nothing(cast, held):
    hal, to = desk(cast), f"/desk/cases/{held.id}/decide"
    numbers = {"decision": "exam", "number": CHARLIE.patient_id, "accession": "nothing"}
    assert "no examination of this number" in hal.post(to, numbers, follow=True).content.decode()
    hal.post(to, {**numbers, "accession": cast.abdomen.accession_number})
    assert cast.abdomen.reports.count() == 2


def test_a_rejected_report_is_destroyed(cast, held):
    actions.reject_case(held, "It is about another hospital's patient.", actor=actor(cast.hal), place=PLACE, now=NOW)
    assert vault().is_erased(held.key_id)


def test_the_issuer_of_the_number_counts(cast):
    assert send(oru(issuer="ELSEWHERE")).held is HeldReason.PATIENT_MAYBE_DOUBLE
    assert ISSUER != "ELSEWHERE"
