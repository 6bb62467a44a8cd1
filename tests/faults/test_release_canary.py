"""A patient whose every word would be noticed goes the whole way of a release; nothing of her is told sideways."""

import re
from datetime import timedelta
from io import StringIO
from smtplib import SMTPRecipientsRefused
from typing import Any

import pytest
from django.core import mail
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.mail.backends.locmem import EmailBackend
from django.test import Client
from django.urls import reverse

from cast import BY, NOW, PLACE, person
from faults.test_pages import SECRETS, canary, log, told  # noqa: F401  fixtures
from scanward.archive.models import Study
from scanward.people import actions as people
from scanward.people.actions import choose_mails
from scanward.people.kinds import MailKind, Role
from scanward.people.models import Account
from scanward.release.housekeeping import tidy
from scanward.release.models import ReleaseRequest, Share

pytestmark = pytest.mark.django_db
NAME = "Qvortha Zyxcanary"
LATER = (NOW + timedelta(days=40)).date().isoformat()
SMALL = {"for": "me", "report": "1", "signature": NAME, "reason": "", "contact": "patient@example.org"}


class Watching(Client):
    """A browser that keeps everything which is seen on the way, beside the pages themselves."""

    def __init__(self, account: Account | None = None) -> None:
        super().__init__(raise_request_exception=False)
        self.seen: list[str] = []
        if account:
            self.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")

    def request(self, **environ: Any) -> Any:
        """Ask, and keep address, status line, headers and cookies."""
        answer = super().request(**environ)
        where = f"{environ.get('PATH_INFO')}?{environ.get('QUERY_STRING')}"
        self.seen.append(f"{where} {answer.status_code} {answer.headers} {answer.cookies}")
        if answer.status_code >= 500:
            self.seen.append(answer.content.decode())
        return answer


class House:
    """Who takes part."""

    def __init__(self, account: Account, kept: Study) -> None:
        self.kept, self.account = kept, account
        self.patient, self.doctor = Watching(account), Watching()
        self.clerk, self.second = (Watching(self.staff(name)) for name in ("hal", "lena"))

    @staticmethod
    def staff(name: str) -> Account:
        """Somebody of medical records."""
        account = person(name)
        people.assign_role(account, Role.HIM_LEAD, by=None, actor=BY, place=PLACE, now=NOW)
        return account

    def ask(self, **form: str) -> ReleaseRequest:
        """The patient asks in the portal."""
        answer = self.patient.post(reverse("request-new"), {**SMALL, "study": str(self.kept.pk), **form})
        assert answer.status_code == 302, answer.content.decode()
        return ReleaseRequest.objects.latest("received_at")

    def step(self, request: ReleaseRequest, do: str, by: Watching | None = None, **fields: str) -> str:
        """The desk takes a step, and its page is opened."""
        answer = (by or self.clerk).post(reverse("desk-request-act", args=[request.pk]), {"do": do, **fields})
        # The passphrase is shown once, in the answer itself.
        assert answer.status_code in (200, 302), do
        page = self.clerk.get(reverse("desk-request", args=[request.pk]))
        return page.content.decode()  # type: ignore[no-any-return]

    def seen(self) -> list[str]:
        """What anybody saw beside pages."""
        return [line for who in (self.patient, self.doctor, self.clerk, self.second) for line in who.seen]


@pytest.fixture
def house(canary: tuple[Account, Study]) -> House:  # noqa: F811
    return House(*canary)


def mails() -> str:
    """Every mail as it is on the wire, but for the address itself and what is locked."""
    names = [str(part[0]) for sent in mail.outbox for part in sent.attachments]
    wire = [sent.message().as_string() for sent in mail.outbox]
    return "\n".join([*names, *wire])


def by_mail(house: House, **form: str) -> ReleaseRequest:
    """A request that is answered by an encrypted e-mail."""
    request = house.ask(delivery="email", **form)
    house.step(request, "claim")
    house.step(request, "verify")
    house.step(request, "ask_info", text=f"{NAME}, which scan?")
    house.patient.post(reverse("request-act", args=[request.pk]), {"do": "message", "text": f"{NAME}: canarytumour"})
    house.step(request, "extend", text=f"The scan of {NAME} is elsewhere.", new_date=LATER)
    house.step(request, "approve", basis="access")
    house.step(request, "build")
    house.step(request, "check_passed", by=house.second, text=f"right patient: {NAME}")
    house.step(request, "deliver", passphrase_by="phone")
    request.refresh_from_db()
    assert request.state == "delivered"
    return request


def test_the_whole_way_of_a_release_tells_nothing_of_the_patient_sideways(
    house: House,
    log: StringIO,  # noqa: F811
    django_capture_on_commit_callbacks: Any,
) -> None:
    """Faults C7, C23: addresses, headers, file names, cookies, mails and log, from the request to the register."""
    choose_mails(house.account, set(MailKind), place=PLACE, now=NOW)
    with django_capture_on_commit_callbacks(execute=True):
        request = by_mail(house, images="1", medium="dicom")
        locked = by_mail(house, medium="locked_pdf")
        scan = SimpleUploadedFile(f"{NAME} canarytumour.pdf", b"%PDF-1.4 CANARYMRN7731", "application/pdf")
        house.clerk.post(reverse("desk-papers", args=[request.pk]), {"kind": "form", "paper": scan})
        for row in (request, locked):
            for letter in row.letters.all():
                house.patient.get(reverse("letter", args=[letter.pk]))
                house.clerk.get(reverse("desk-letter", args=[letter.pk]))
        for paper in request.papers.all():
            house.clerk.get(reverse("desk-paper", args=[request.pk, paper.pk]))
        end = (NOW + timedelta(days=5)).date().isoformat()
        to = {"name": "Dr. Okoye", "images": "1", "report": "1", "download": "1", "last_day": end, "uses": "3"}
        shown = house.patient.post(reverse("share-new", args=[house.kept.pk]), to).content.decode()
        secret = re.search(r"/shared/#([\w-]+)", shown)[1]  # type: ignore[index]
        house.doctor.post(reverse("shared"), {"code": secret, "visitor": "Dr. Okoye"})
        for name in ("shared-study", "shared-viewer", "shared-copy"):
            house.doctor.get(reverse(name, args=[house.kept.pk]))
        for name in ("sent", "access-log", "shares", "requests"):
            house.patient.get(reverse(name))
        house.patient.post(reverse("accounting"))
        house.patient.post(reverse("report-locked", args=[house.kept.pk]), {"passphrase": "a sentence of mine"})
        house.clerk.post(reverse("find-patient"), {"family": "Zyxcanary", "given": "Qvortha"})
        house.clerk.get(reverse("desk-request", args=[request.pk]), {"page": "CANARY"})
        house.patient.post(reverse("share-revoke", args=[Share.objects.get().pk]))
    with django_capture_on_commit_callbacks(execute=True):
        tidy(now=NOW + timedelta(days=29))
    assert request.papers.count() == 1
    assert len([sent for sent in mail.outbox if sent.attachments]) == 2
    assert len(mail.outbox) > 6
    assert told(mails()) == []
    assert [line for line in house.seen() if told(line)] == []
    assert told(log.getvalue()) == []
    assert secret not in mails() + log.getvalue() + "".join(house.seen())


def test_a_mail_server_that_repeats_what_it_was_sent_fills_no_log(
    house: House,
    log: StringIO,  # noqa: F811
    django_capture_on_commit_callbacks: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Fault C23: its complaint is full of her; the request says that the mail came back, and nothing more."""

    def refuse(*_args: Any) -> None:
        raise SMTPRecipientsRefused({NAME: (550, " ".join(SECRETS).encode())})

    monkeypatch.setattr(EmailBackend, "send_messages", refuse)
    with django_capture_on_commit_callbacks(execute=True):
        request = house.ask(delivery="email", images="1", medium="dicom")
        for do, fields in (("claim", {}), ("verify", {}), ("approve", {"basis": "access"}), ("build", {})):
            house.step(request, do, **fields)
        house.step(request, "check_passed", by=house.second)
        house.step(request, "deliver", passphrase_by="phone")
    request.refresh_from_db()
    assert request.state == "returned_mail"
    assert [line for line in house.seen() if told(line)] == []
    assert "could not be sent" in log.getvalue()
    assert told(log.getvalue()) == []


BROKEN = {
    "scanward.release.letters.letter": "extend",
    "scanward.release.actions.preparing.members": "build",
    "scanward.desk.views.requests.history": "page",
}


@pytest.mark.parametrize("where", sorted(BROKEN))
def test_an_error_on_the_way_tells_nobody_whose_request_it_was(
    house: House,
    log: StringIO,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    where: str,
) -> None:
    """Fault C23: an exception in a letter, a package and a page of the desk, whose text is full of her."""
    request = house.ask(delivery="email", images="1", medium="dicom")
    for do, fields in (("claim", {}), ("verify", {}), ("approve", {"basis": "access"})):
        house.step(request, do, **fields)

    def broken(*_args: Any, **_kwargs: Any) -> None:
        raise ValueError(f"can't make it for {' '.join(SECRETS)}")

    monkeypatch.setattr(where, broken)
    do = BROKEN[where]
    if do == "page":
        answer = house.clerk.get(reverse("desk-request", args=[request.pk]))
    else:
        answer = house.clerk.post(
            reverse("desk-request-act", args=[request.pk]), {"do": do, "text": "later", "new_date": LATER}
        )
    assert answer.status_code == 500
    assert [line for line in house.seen() if told(line)] == []
    assert "details withheld" in log.getvalue()
    assert told(log.getvalue()) == []
