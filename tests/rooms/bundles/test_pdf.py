"""Encrypted PDF."""

import io
from datetime import date

import pikepdf
import pytest

from scanward.bundles.language import Language
from scanward.bundles.pdf import PdfRefused, encrypt_pdf
from scanward.bundles.report import ReportPage, Section, Status, report_pdf

SECRET = "40718-22963-05814-77120-93485"


@pytest.fixture(scope="module")
def document() -> bytes:
    page = ReportPage("Lakeside", "Liddell, Alice", "CT chest", Status.FINAL, {Section.FINDINGS: "None."})
    return report_pdf(page, language=Language.EN, made_on=date(2026, 11, 23))


def test_it_opens_with_the_passphrase_and_stays_tagged(document: bytes) -> None:
    """Requirement G7."""
    with pikepdf.open(io.BytesIO(encrypt_pdf(document, SECRET)), password=SECRET) as pdf:
        assert (pdf.encryption.R, pdf.encryption.bits) == (6, 256)
        assert pdf.encryption.stream_method is pdf.encryption.string_method is pikepdf.models.EncryptionMethod.aesv3
        assert pdf.Root.MarkInfo.Marked
        assert pdf.allow.accessibility


@pytest.mark.parametrize("wrong", ["", SECRET[:-1], SECRET + "0"])
def test_it_does_not_open_with_another(document: bytes, wrong: str) -> None:
    with pytest.raises(pikepdf.PasswordError):
        pikepdf.open(io.BytesIO(encrypt_pdf(document, SECRET)), password=wrong)


def test_nothing_readable_is_left_in_it(document: bytes) -> None:
    assert b"Radiology report" in document
    assert b"Radiology report" not in encrypt_pdf(document, SECRET)


def test_an_encrypted_one_is_not_encrypted_twice(document: bytes) -> None:
    with pytest.raises(PdfRefused, match="encrypted already"):
        encrypt_pdf(encrypt_pdf(document, SECRET), SECRET)


@pytest.mark.parametrize("junk", [b"", b"junk", b"%PDF-1.7\n"])
def test_what_is_no_pdf_is_refused(junk: bytes) -> None:
    with pytest.raises(PdfRefused):
        encrypt_pdf(junk, SECRET)
