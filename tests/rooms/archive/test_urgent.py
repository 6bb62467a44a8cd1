"""An urgent finding is told early to who ordered the examination, by a mail that says nothing (H9)."""

from datetime import timedelta

import pytest
from django.core import mail
from django.test import Client
from django_tasks_db.models import DBTaskResult

from cast import NOW, actor, sender
from rooms.reporting.messages import oru, pdf_line
from scanward.archive import urgent
from scanward.archive.models import Report
from scanward.archive.rebuild import recover
from scanward.archive.results import read, take
from scanward.audit.models import Entry
from scanward.people.models import CareRelation

pytestmark = pytest.mark.django_db

URGENT = oru(lines=["OBX|1|TX|||FINDINGS: Bleeding.|||AA|||F"])


def send(data: bytes):
    [taken] = take(read(data), data, sender=sender(), now=NOW)
    return taken.report


def jobs() -> list[str]:
    """Whom the worker will write to."""
    rows = DBTaskResult.objects.filter(task_path__startswith="scanward.archive.urgent")
    return sorted(row.args_kwargs["args"][0] for row in rows)


def page(account, address: str) -> str:
    client = Client()
    client.force_login(account)
    return client.get(address).content.decode()


def test_who_ordered_is_told_and_the_ledger_says_so(cast):
    send(URGENT)
    assert jobs() == [str(cast.dana.id)]
    assert Entry.objects.filter(kind="urgent_finding_flagged", body__contains='"told":1').count() == 1


def test_an_ordinary_report_tells_nobody_early(cast):
    send(oru())
    assert jobs() == []


def test_without_a_clinician_the_leads_have_to_find_one(cast):
    CareRelation.objects.update(valid_until=NOW - timedelta(days=1))
    send(URGENT)
    assert jobs() == [str(cast.priya.id)]


def test_the_mail_says_nothing_about_anybody(cast, settings):
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    urgent.send.func(str(cast.dana.id))
    [letter] = mail.outbox
    assert letter.to == [cast.dana.email]
    text = f"{letter.subject} {letter.body}"
    assert not [word for word in ("Rivera", "Alice", "CT", "Bleeding", "LH-") if word in text]


def test_the_patient_is_told_only_where_the_house_wants_it(cast, settings):
    settings.URGENT_TELLS_PATIENT = True
    send(URGENT)
    assert jobs() == sorted([str(cast.dana.id), str(cast.alice.id)])


def test_the_worklist_and_the_clinicians_page_show_it_and_the_patients_does_not(cast):
    send(URGENT)
    assert "Urgent finding" in page(cast.dana, "/desk/patients/")
    assert "Urgent finding" in page(cast.dana, f"/scans/{cast.chest.id}/")
    assert "Urgent finding" not in page(cast.alice, f"/scans/{cast.chest.id}/")


def test_a_correction_that_is_not_urgent_takes_the_mark_away(cast):
    send(URGENT)
    send(oru(status="C", control="2"))
    assert "Urgent finding" not in page(cast.dana, "/desk/patients/")


def test_after_a_crash_it_is_told_and_after_a_rebuild_it_is_not_told_again(cast):
    recover(now=NOW)
    send(URGENT)
    DBTaskResult.objects.all().delete()
    Report.objects.filter(critical=True).delete()
    recover(now=NOW)
    assert len(jobs()) == 1
    Report.objects.filter(critical=True).delete()
    recover(now=NOW, whole=True)
    assert len(jobs()) == 1


def test_the_page_lists_advice_words_and_whom_to_ask(cast):
    """H3, H4, H11."""
    send(
        oru("FINDINGS: A small nodule.\nIMPRESSION: Nodule.\nRECOMMENDATION:\n1. CT in 12 months.\n2. See your doctor.")
    )
    shown = page(cast.alice, f"/scans/{cast.chest.id}/")
    assert "<li>CT in 12 months.</li><li>See your doctor.</li>" in shown
    assert "<dt>Nodule</dt>" in shown
    assert "<dt>Aneurysm</dt>" not in shown
    assert "Dana" in shown


def test_a_document_is_saved_and_never_shown_inside_a_page(cast):
    """Fault B17."""
    document = b"%PDF-1.7 /OpenAction << /S /JavaScript >>"
    send(oru(lines=[pdf_line(document)]))
    assert "Save the document" in page(cast.alice, f"/scans/{cast.chest.id}/")
    client = Client()
    client.force_login(cast.alice)
    answer = client.get(f"/scans/{cast.chest.id}/report-document.pdf")
    assert answer.content == document
    assert answer["Content-Disposition"].startswith("attachment")
    assert "sandbox" in answer["Content-Security-Policy"]
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert Entry.objects.filter(kind="report_viewed").exists()


def test_without_a_document_there_is_none(cast):
    client = Client()
    client.force_login(cast.alice)
    assert client.get(f"/scans/{cast.chest.id}/report-document.pdf").status_code == 410
    assert actor(cast.alice).own_patients
