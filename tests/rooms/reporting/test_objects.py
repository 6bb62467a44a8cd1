"""Reports that are DICOM objects: SR, encapsulated CDA and PDF become versions like any other (B17, B18)."""

from zoneinfo import ZoneInfo

import pytest

from cast import NOW, sender
from rooms.reporting.messages import oru
from rooms.reporting.objects import (
    FINDINGS,
    IMPRESSION,
    TID_2000,
    cda,
    cda_section,
    code,
    encapsulated,
    item,
    section,
    sr,
    words,
)
from scanward.archive.models import HeldObject, Instance, Report, ReportStatus
from scanward.archive.rebuild import recover
from scanward.archive.results import read, take
from scanward.dicom.errors import Refused
from scanward.dicom.read import inspect
from scanward.intake.receive import Item, Outcome, receive
from scanward.reporting.kinds import ReportText, SectionKind, Standing
from scanward.reporting.objects import report_of

ZONE = ZoneInfo("America/Chicago")
BODY = cda_section(
    "18782-3", "Findings", "<paragraph>A nodule.</paragraph><list><item>One</item><item>Two</item></list>"
)
BODY += cda_section("19005-8", "Impression", "Fine.<br/>All well.") + cda_section("", "Recomendaciones", "Control.")


def report(data: bytes) -> ReportText | None:
    return report_of(inspect(data), data, zone=ZONE)


def texts(data: bytes) -> dict[SectionKind, str]:
    found = report(data)
    assert found
    return {part.kind: part.text for part in found.sections}


def test_tid_2000_in_its_parts():
    assert texts(sr()) == {
        SectionKind.FINDINGS: "A nodule of <b>6 mm</b>.\n\nNo effusion.",
        SectionKind.IMPRESSION: "1. Small nodule.",
        SectionKind.RECOMMENDATION: "CT in 12 months.",
    }


@pytest.mark.parametrize("kind", ["88.11", "88.22", "88.33", "88.34"])
def test_all_kinds_of_documents_with_text(kind):
    assert texts(sr(kind=kind))[SectionKind.IMPRESSION] == "1. Small nodule."


def test_a_basic_text_without_coded_parts_is_cut_at_its_headings():
    data = sr(words("FINDINGS: Clear.\nCONCLUSION: Normal.", ("T", "Text")), kind="88.11")
    assert texts(data) == {SectionKind.FINDINGS: "Clear.", SectionKind.IMPRESSION: "Normal."}


def test_measurements_without_a_reading_are_no_report():
    assert report(sr(section(("126010", "Imaging Measurements"), words("12 mm", ("M", "Length"))))) is None


@pytest.mark.parametrize("verified, wanted", [("VERIFIED", Standing.FINAL), ("UNVERIFIED", Standing.PRELIMINARY)])
def test_only_a_verified_document_is_final(verified, wanted):
    found = report(sr(verified=verified))
    assert found
    assert found.standing is wanted


def test_the_category_of_an_urgent_finding():
    """H9."""
    data = sr(*TID_2000, section(FINDINGS, item("CODE", ("x", "Actionable finding"), "RID49480")))
    found = report(data)
    assert found
    assert found.critical
    assert not report(sr()).critical  # type: ignore[union-attr]


def test_escapes_and_overrides_are_not_shown():
    """Fault B19."""
    assert texts(sr(section(IMPRESSION, words("a\x1b[31m\u202eb"))))[SectionKind.IMPRESSION] == "ab"


def test_cda_in_its_parts():
    assert texts(encapsulated(cda(BODY), kind="104.2")) == {
        SectionKind.FINDINGS: "A nodule.\nOne\nTwo",
        SectionKind.IMPRESSION: "Fine.\nAll well.",
        SectionKind.RECOMMENDATION: "Control.",
    }


@pytest.mark.parametrize("signed, wanted", [(True, Standing.FINAL), (False, Standing.PRELIMINARY)])
def test_a_cda_is_final_when_somebody_signed_it(signed, wanted):
    found = report(encapsulated(cda(BODY, signed=signed), kind="104.2"))
    assert found
    assert found.standing is wanted


@pytest.mark.parametrize("code", ["N", "R"])
def test_a_cda_says_how_confidential_it_is(code):
    """Trap T8: what that means is for the law's rows."""
    data = cda(BODY).replace(b"<component>", f'<confidentialityCode code="{code}"/><component>'.encode(), 1)
    found = report(encapsulated(data, kind="104.2"))
    assert found
    assert found.mark == code


LAUGHS = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))


@pytest.mark.parametrize(
    "document",
    [
        cda(BODY, head="<!DOCTYPE x>"),
        cda(BODY.replace("A nodule", "&x;"), head='<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>'),
        cda(BODY.replace("A nodule", "&l9;"), head=f'<!DOCTYPE x [<!ENTITY l0 "ha">{LAUGHS}]>'),
        cda(BODY.replace("A nodule", "&x;"), head='<!DOCTYPE x SYSTEM "http://127.0.0.1:9/x.dtd">'),
        cda("<a>" * 60_000),
        cda(BODY)[:-20],
        b"\xff\xfe\x00",
    ],
)
@pytest.mark.django_db
def test_a_cda_with_a_dtd_or_too_much_of_it_is_refused(cast, document):
    """Fault B18."""
    before = Instance.objects.count()
    [answer] = receive([Item("cda", encapsulated(document, kind="104.2"))], sender=sender(), now=NOW)
    assert answer.outcome is Outcome.REFUSED
    assert "root:" not in answer.reason
    assert Instance.objects.count() == before


def test_the_refusal_names_the_element():
    with pytest.raises(Refused, match=r"\(0042,0011\).*DTD"):
        report(encapsulated(cda(BODY, head="<!DOCTYPE x>"), kind="104.2"))


@pytest.mark.parametrize(
    "title, wanted", [("Radiology report", True), ("Informe", True), ("Dose report", False), ("Consent", False)]
)
def test_only_a_pdf_that_says_that_it_is_the_report(title, wanted):
    assert (report(encapsulated(b"%PDF-1.7 x", title=title)) is not None) is wanted


def test_a_pdf_comes_out_as_it_went_in():
    """Fault B17."""
    document = b"%PDF-1.7 /OpenAction << /S /JavaScript >> /EmbeddedFile /MediaBox [0 0 1e9 1e9]"
    found = report(encapsulated(document))
    assert found
    assert found.document
    assert found.document.data == document


def store(data: bytes):
    [answer] = receive([Item("report", data)], sender=sender(), now=NOW)
    return answer


@pytest.mark.django_db
def test_an_sr_becomes_a_version_beside_the_object(cast):
    assert store(sr()).outcome is Outcome.KEPT
    latest = cast.chest.reports.first()
    assert (latest.version, latest.status) == (2, ReportStatus.AMENDED)
    assert latest.source.sop_class_uid.endswith("88.33")


@pytest.mark.django_db
def test_the_same_report_on_another_wire_is_no_correction(cast):
    store(sr())
    text = "FINDINGS: A nodule of <b>6 mm</b>.\nNo effusion.\nIMPRESSION:\n1. Small nodule.\n"
    message = oru(f"{text}RECOMMENDATION: CT in 12 months.")
    take(read(message), message, sender=sender(), now=NOW)
    assert cast.chest.reports.count() == 2
    store(sr())
    assert cast.chest.reports.count() == 2


@pytest.mark.django_db
def test_a_preliminary_document_does_not_follow_a_final_one(cast):
    assert store(sr(verified="UNVERIFIED")).outcome is Outcome.KEPT
    assert cast.chest.reports.count() == 1


@pytest.mark.django_db
def test_a_held_document_is_a_report_once_it_is_attached(cast):
    from cast import PLACE, actor
    from scanward.intake import actions

    store(sr(PatientName="Rivers^Alicia"))
    actions.attach_case(HeldObject.objects.get(), cast.alices, actor=actor(cast.hal), place=PLACE, now=NOW)
    assert cast.chest.reports.count() == 2


@pytest.mark.django_db
def test_a_rebuilt_index_has_the_same_versions(cast):
    for data in (sr(), encapsulated(b"%PDF-1.7 x"), encapsulated(cda(BODY), kind="104.2")):
        assert store(data).outcome is Outcome.KEPT
    before = list(Report.objects.order_by("study", "version").values())
    assert len(before) == 5
    Report.objects.all().delete()
    recover(now=NOW, whole=True)
    assert list(Report.objects.order_by("study", "version").values()) == before


@pytest.mark.parametrize("change", ["ContentSequence", "VerifyingObserverSequence", "ConceptNameCodeSequence"])
def test_odd_documents_are_read_or_left(change):
    odd = sr(**{change: [code("1", "x"), item("NUM", FINDINGS), item("CODE", FINDINGS, "9")]})
    assert isinstance(report(odd), ReportText | None)
