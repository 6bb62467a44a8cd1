"""HL7 v2 messages are read within bounds: text, status, people and examinations come out, or a clear refusal."""

import contextlib
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import hl7 as peer
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cast import ALICE
from rooms.reporting.messages import TEXT, oru, pdf_line
from scanward.reporting import hl7
from scanward.reporting import oru as reports
from scanward.reporting.acks import ack
from scanward.reporting.hl7 import BadMessage
from scanward.reporting.kinds import SectionKind, Standing

ZONE = ZoneInfo("America/Chicago")
NOW = datetime(2026, 3, 12, 18, tzinfo=UTC)


def result(data: bytes, codec: str = ""):
    [found] = reports.results(hl7.read(data, default_codec=codec), zone=ZONE)
    return found


def texts(data: bytes) -> dict[SectionKind, str]:
    return {section.kind: section.text for section in result(data).report.sections}


def refused(data: bytes) -> BadMessage:
    with pytest.raises(BadMessage) as caught:
        result(data)
    return caught.value


def test_a_report_comes_out_in_its_parts():
    found = result(oru())
    assert found.person.numbers == ((ALICE.patient_id, ALICE.issuer),)
    assert (found.person.family_name, found.person.given_name) == ("Rivera", "Alice")
    assert (found.person.birth_date, found.exam) == (ALICE.birth_date, "CT chest")
    assert (found.report.standing, found.report.at) == (Standing.FINAL, datetime(2026, 3, 12, 18, tzinfo=UTC))
    assert [section.kind.value for section in found.report.sections] == [
        "exam",
        "findings",
        "impression",
        "recommendation",
    ]


def test_the_accession_number_comes_first_and_the_filler_number_after_it():
    assert result(oru(accession="A5")).accessions == ("A5", "F77")


@pytest.mark.parametrize(
    "order, lines, wanted",
    [
        ("F", "F", Standing.FINAL),
        ("C", "F", Standing.AMENDED),
        ("F", "C", Standing.AMENDED),
        ("F", "P", Standing.PRELIMINARY),
        ("P", "F", Standing.PRELIMINARY),
        ("R", "", Standing.PRELIMINARY),
        ("", "C", Standing.AMENDED),
    ],
)
def test_the_least_final_word_wins(order, lines, wanted):
    line = f"OBX|1|TX|||FINDINGS: none||||||{lines}"
    assert result(oru(status=order, lines=[line])).report.standing is wanted


@pytest.mark.parametrize("order, line", [("I", ""), ("S", "I"), ("", "")])
def test_what_is_no_report_is_refused(order, line):
    assert refused(oru(status=order, lines=[f"OBX|1|TX|||text||||||{line}"])).wrong.answer == "AE"


@pytest.mark.parametrize(
    "order, lines, wanted",
    [
        # Posted as wrong, perhaps another person's: the other lines of it count no more.
        ("F", "W", Standing.WITHDRAWN),
        ("C", "FW", Standing.WITHDRAWN),
        ("X", "W", Standing.WITHDRAWN),
        # The order was cancelled; every line is deleted or can't be obtained.
        ("X", "F", Standing.CANCELLED),
        ("F", "X", Standing.CANCELLED),
        ("C", "DD", Standing.CANCELLED),
        # One line goes, the others stay: that corrects the report.
        ("C", "FD", Standing.AMENDED),
    ],
)
def test_a_report_that_is_taken_back_has_no_words_any_more(order, lines, wanted):
    """F8; HL7 tables 0085 and 0123."""
    rows = [f"OBX|{n}|TX|||FINDINGS: line{n}||||||{how}" for n, how in enumerate(lines, 1)]
    report = result(oru(status=order, lines=rows)).report
    assert report.standing is wanted
    assert [section.text for section in report.sections] == (["line1"] if wanted is Standing.AMENDED else [])


@pytest.mark.parametrize("control, cancelled", [("CA", True), ("OC|||", True), ("SC||||CA", True), ("RE", False)])
def test_a_cancelled_order_needs_no_lines(control, cancelled):
    """F8; HL7 tables 0038 and 0119."""
    data = oru(lines=[]).replace(b"OBR|", f"ORC|{control}\rOBR|".encode())
    if cancelled:
        assert result(data).report.standing is Standing.CANCELLED
    else:
        assert refused(data).place == "OBX"


def test_the_name_of_the_study_is_no_line_that_stays():
    uid = "OBX|2|UI|113014^Study Instance UID^DCM||1.2.3||||||F"
    found = result(oru(lines=["OBX|1|TX|||text||||||D", uid]))
    assert (found.study_uid, found.report.standing) == ("1.2.3", Standing.CANCELLED)


def test_coded_lines_and_repetitions_and_escapes():
    lines = [
        "OBX|1|TX|18782-3^Findings^LN||One\\T\\two~line \\.br\\three \\X41\\\\F\\||||||F",
        "OBX|2|FT|CT&IMP||\\H\\Fine\\N\\ \\Zmine\\C:\\temp\\||||||F",
        "OBX|3|TX|X||not here||||||D",
    ]
    found = texts(oru(lines=lines))
    assert found[SectionKind.FINDINGS] == "One&two\nline \nthree A|"
    assert found[SectionKind.IMPRESSION] == "Fine C:\\temp\\"
    assert "not here" not in str(found)


@pytest.mark.parametrize(
    "named, codec",
    [("8859/1", "latin_1"), ("UNICODE UTF-8", "utf_8"), ("GB 18030-2000", "gb18030"), ("8859/15", "iso8859_15")],
)
def test_the_character_set_of_the_message_is_used(named, codec):
    data = oru("IMPRESIÓN: señal pequeña", header={18: named}).decode().encode(codec)
    assert texts(data)[SectionKind.IMPRESSION] == "señal pequeña"


def test_japanese_with_its_escape_sequences():
    """Fault B19."""
    data = oru(lines=["OBX|1|TX|||@@||||||F"], header={18: "~ISO IR87"}).replace(b"@@", b"\x1b$B;3ED\x1b(B")
    assert texts(data)[SectionKind.FINDINGS] == "山田"


def test_without_a_character_set_the_sender_s_own_is_taken_and_else_utf_8():
    data = oru("FINDINGS: señal", header={18: ""}).decode().encode("latin_1")
    assert refused(data).place == "MSH-18"
    assert result(data, "latin_1").report.sections[0].text == "señal"


def test_escape_sequences_and_overrides_are_not_shown():
    """Fault B19."""
    data = oru("FINDINGS: \x1b[31mred\x1b[0m \u202eneddih\u202c \x07bell")
    assert texts(data)[SectionKind.FINDINGS] == "red neddih bell"


@pytest.mark.parametrize(
    "flag, obx5, wanted",
    [
        ("AA", "x", True),
        ("HH", "x", True),
        ("A", "x", False),
        ("", "RID49480^Category 1^RADLEX", True),
        ("", "RID49482^Category 3^RADLEX", False),
    ],
)
def test_what_is_urgent(flag, obx5, wanted):
    """H9."""
    lines = [f"OBX|1|{'CWE' if obx5 != 'x' else 'TX'}|||{obx5}|||{flag}|||F", "OBX|2|TX|||FINDINGS: gas||||||F"]
    assert result(oru(lines=lines)).report.critical is wanted


def test_a_pdf_is_kept_as_it_is():
    """Fault B17."""
    document = b"%PDF-1.7 /OpenAction /JavaScript"
    found = result(oru(lines=[pdf_line(document)])).report
    assert found.document
    assert (found.document.data, found.sections) == (document, ())


@pytest.mark.parametrize(
    "field, value, code",
    [
        (9, "ADT^A01", "200"),
        (9, "ORU^R30", "201"),
        (11, "T", "202"),
        (12, "3.0", "203"),
        (10, "", "101"),
        (18, "EBCDIC", "103"),
    ],
)
def test_what_the_header_must_not_say(field, value, code):
    assert refused(oru(header={field: value})).wrong.code == code


def test_a_number_of_no_record_proves_nothing():
    """A social security number without an issuer is no patient number."""
    data = oru().replace(b"|LH-100482^^^LAKESIDE^MR|", b"|123-45-6789^^^^SS|")
    assert refused(data).place == "PID-3"


def test_an_answer_says_what_and_where_and_never_a_value():
    bad = BadMessage(hl7.Wrong.MISSING, "PID-3", "The message has no patient number.")
    said = peer.parse(ack(hl7.header_of(oru(control="c|9")), name="Lakeside", now=NOW, bad=bad).decode())
    assert (str(said["MSA"][0][1]), str(said["ERR"][0][2]), str(said["ERR"][0][3])) == (
        "AE",
        "PID^1^3",
        "101^Required field missing^HL70357",
    )
    assert str(said["MSH"][0][5]) == "RIS"


def test_an_answer_gives_the_control_id_back():
    said = peer.parse(ack(hl7.header_of(oru(control="abc-77")), name="Lakeside", now=NOW).decode())
    assert (str(said["MSA"][0][1]), str(said["MSA"][0][2])) == ("AA", "abc-77")


@pytest.mark.parametrize("filler", ["|", "^", "~", "\\", "&", "\r", "\n", " ", "\\.br\\", "A:\n", "FINDINGS: "])
def test_a_megabyte_of_one_thing_is_over_soon_and_small(filler):
    import tracemalloc

    data = oru("FINDINGS: @@").replace(b"@@", filler.encode() * (1_000_000 // len(filler)))
    tracemalloc.start()
    with contextlib.suppress(BadMessage):
        result(data)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 64 << 20


MUTATIONS = st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=6), st.integers(0, 8)), max_size=6)


@settings(max_examples=400, deadline=None, derandomize=True)
@given(MUTATIONS)
def test_any_change_of_a_message_is_read_or_refused(changes):
    data = bytearray(oru(TEXT + "\nñ", extra=pdf_line(b"%PDF-1.7")))
    for where, piece, cut in changes:
        at = int(where * len(data))
        data[at : at + cut] = piece
    try:
        reports.results(hl7.read(bytes(data)), zone=ZONE)
    except BadMessage as bad:
        assert ack(None, name="x", now=NOW, bad=bad).startswith(b"MSH|")


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data):
    for start in (b"", b"MSH|^~\\&|"):
        with contextlib.suppress(BadMessage):
            reports.results(hl7.read(start + data), zone=ZONE)
