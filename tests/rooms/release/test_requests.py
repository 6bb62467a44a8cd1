"""A request from its receipt to its delivery, by the verbs that pages and commands call."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from cast import NOW, PASSWORD, PLACE, Cast
from rooms.release.helping import TODAY, in_review, later, staff
from scanward.access.actions import AccessRefused
from scanward.audit.kinds import EventKind
from scanward.audit.models import Entry
from scanward.law.days import add_business_days
from scanward.law.denials import Fact
from scanward.law.errors import Unlawful
from scanward.law.holds import Item
from scanward.people.kinds import Role
from scanward.people.models import Account
from scanward.release import actions, clocks, letters
from scanward.release.kinds import State
from scanward.release.machine import AUTOMATIC, NotNow
from scanward.release.models import Disclosure, ReleaseRequest
from scanward.release.ways import Arrival, Channel, Medium

pytestmark = pytest.mark.django_db
Ask = Callable[..., ReleaseRequest]


def test_a_patient_asks_and_has_her_copy_in_the_portal(cast: Cast, approved: Ask) -> None:
    """Requirements A1, A10, C3, G1, G2, G6, G19: one basis, checked by machine, with its proof."""
    request = approved()
    actions.build(request, by=cast.hal, now=NOW, place=PLACE)
    done = actions.deliver(request, actions.HandOver(), by=cast.hal, now=NOW, place=PLACE)
    request.refresh_from_db()
    assert (request.state, request.basis, request.checker) == (State.DELIVERED, "access", AUTOMATIC)
    assert done.delivery.package.manifest_sha256 == done.delivery.disclosure.manifest_sha256
    assert done.delivery.package.files > 6


def test_the_portal_s_two_steps_and_a_proof_on_file_are_verification_enough(cast: Cast, ask: Ask) -> None:
    """Requirements C3, C1: her own and her representative's; with whose proof, how and when; a letter's is open."""
    hers, ruths = ask(), ask(by=cast.ruth)
    letter = ask(by=cast.hal, channel=Channel.LETTER, requester_name="Alice Rivera")
    own, acting = cast.alice.patient_links.get().proof, cast.authority.proof
    assert [(one.identity, one.verified_how, one.verified_at) for one in (hers, ruths, letter)] == [
        (own, "signed in to the portal", NOW),
        (acting, "signed in to the portal", NOW),
        (None, "", None),
    ]
    assert [(one.by_representative, one.authority_checked) for one in (hers, ruths)] == [(False, False), (True, True)]
    assert hers.verified_by is None


def test_a_password_alone_verifies_nobody(cast: Cast) -> None:
    """Requirements C3, I8: before the second step there is no page to ask on, and no request."""
    cast.alice.set_password(PASSWORD)
    cast.alice.save()
    client = Client()
    step = client.post(reverse("account_login"), {"login": cast.alice.email, "password": PASSWORD})
    assert step.status_code == 302
    asked = client.post(reverse("request-new"), {"patient": str(cast.alices.pk), "study": str(cast.chest.pk)})
    assert asked.headers["Location"].startswith(reverse("account_login"))
    assert not ReleaseRequest.objects.exists()


def test_the_clock_starts_at_receipt_and_the_receipt_says_so(ask: Ask) -> None:
    """Requirements B17, B18, F1; trap T1: thirty days, with a letter that has number and dates."""
    request = ask()
    assert request.due_on == TODAY + timedelta(days=30)
    assert request.expected_latest <= request.due_on
    [receipt] = request.letters.all()
    assert receipt.values["request"] == request.number
    assert letters.pdf(receipt).startswith(b"%PDF")


def test_a_letter_of_last_week_counts_from_last_week(cast: Cast, ask: Ask) -> None:
    """Requirements B1, B2, F1: entered by staff, and it came before it was entered."""
    request = ask(by=cast.hal, channel=Channel.LETTER, requester_name="Alice Rivera", received_at=later(days=-6))
    assert request.due_on == TODAY + timedelta(days=24)
    assert (request.entered_by, request.requester) == (cast.hal, None)


def test_the_house_promises_its_own_days_beside_the_law(ask: Ask, settings: Any) -> None:
    """Requirement F4: two business days instead of its kind's ten; the legal date does not move."""
    settings.FACILITY_TARGET = "1-2"
    request = ask()
    assert (request.expected_soonest, request.expected_latest) == tuple(
        add_business_days(TODAY, days, "DC") for days in (1, 2)
    )
    assert request.due_on == TODAY + timedelta(days=30)


def test_in_texas_the_shorter_date_wins(ask: Ask, settings: Any) -> None:
    """Requirements A16, F1: fifteen business days of the state stand before thirty days of the nation."""
    settings.FACILITY_STATE = "TX"
    request = ask()
    assert request.due_on == add_business_days(TODAY, 15, "TX") < TODAY + timedelta(days=30)
    assert {code for code, _day in request.rules} == {"US-ACCESS-COPY", "TX-ACCESS-COPY"}


def test_nobody_else_can_ask_for_alices_scans(cast: Cast, ask: Ask) -> None:
    """Requirement A8; fault C16: a stranger's request for somebody else's record is refused."""
    with pytest.raises(AccessRefused):
        ask(by=cast.charlie)
    assert not ReleaseRequest.objects.exists()


def test_a_representative_asks_within_her_authority(cast: Cast, ask: Ask) -> None:
    """Requirements A3, C5: the authority on file is enough, and the basis is the representative's."""
    request = ask(by=cast.ruth)
    assert request.by_representative
    in_review(request, cast.hal)
    actions.approve(request, by=cast.hal, basis="access by a personal representative", now=NOW, place=PLACE)
    request.refresh_from_db()
    assert request.state == State.APPROVED


def test_a_bill_is_nowhere_in_a_request() -> None:
    """Requirement A11: there is no field in which an unpaid bill for care could be written."""
    names = {field.name for field in ReleaseRequest._meta.get_fields()}
    assert not {name for name in names if "bill" in name or "balance" in name or "debt" in name or "paid" in name}


def test_asking_for_information_moves_no_date(cast: Cast, ask: Ask) -> None:
    """Requirement F1; trap T1: the letter says that the date stays, and the answer clears the flag."""
    request = ask()
    actions.claim(request, by=cast.hal, now=NOW, place=PLACE)
    actions.ask_info(request, by=cast.hal, question="Which scan do you mean?", now=later(days=9), place=PLACE)
    request.refresh_from_db()
    assert request.waiting_on_requester
    assert request.due_on == TODAY + timedelta(days=30)
    actions.say(request, by=cast.alice, body="The one of my chest.", now=later(days=10), place=PLACE)
    request.refresh_from_db()
    assert not request.waiting_on_requester


def test_one_extension_and_never_a_second(cast: Cast, lena: Account, ask: Ask) -> None:
    """Requirements F2, F3; fault C16."""
    request = ask()
    day, reason = TODAY + timedelta(days=58), "The disc of 2014 is being read in."
    actions.extend(request, by=lena, reason=reason, new_date=day, now=later(days=20), place=PLACE)
    request.refresh_from_db()
    assert (request.extended_to, request.due_on) == (day, TODAY + timedelta(days=30))
    assert request.letters.filter(template="extension").exists()
    with pytest.raises((Unlawful, NotNow)):
        actions.extend(
            request, by=lena, reason="Again.", new_date=day + timedelta(days=1), now=later(days=21), place=PLACE
        )


@pytest.mark.parametrize(
    ("reason", "day", "when"),
    [("", 40, 5), ("Late.", 61, 5), ("Late.", 40, 35)],
)
def test_an_extension_needs_reason_reach_and_time(lena: Account, ask: Ask, reason: str, day: int, when: int) -> None:
    """Requirement F2: written, at most thirty days, inside the first thirty."""
    request = ask()
    with pytest.raises(Unlawful):
        actions.extend(
            request, by=lena, reason=reason, new_date=TODAY + timedelta(days=day), now=later(days=when), place=PLACE
        )


def test_the_database_itself_refuses_a_date_that_moves_back(ask: Ask) -> None:
    """Fault C16: not even a mistake in the code moves it."""
    request = ask()
    request.extended_to = TODAY
    with pytest.raises(IntegrityError), transaction.atomic():
        request.save()


def test_the_database_itself_refuses_a_delivery_without_basis(ask: Ask) -> None:
    """Requirement A10: no row can stand as delivered without a basis and a second person."""
    request = ask()
    request.state = State.DELIVERED.value
    with pytest.raises(IntegrityError), transaction.atomic():
        request.save()


def test_what_travels_is_checked_by_a_second_person(cast: Cast, lena: Account, approved: Ask) -> None:
    """Requirement C6: who built the package does not check it, whoever asks."""
    request = approved(delivery=Arrival.MAIL, contact="1 Main Street\nAustin, TX 78701")
    actions.build(request, by=cast.hal, now=NOW, place=PLACE)
    with pytest.raises(AccessRefused, match="does not check"):
        actions.check_passed(request, by=cast.hal, note="", now=NOW, place=PLACE)
    actions.check_passed(request, by=lena, note="all pages", now=NOW, place=PLACE)
    request.refresh_from_db()
    assert request.state == State.READY


def test_a_package_that_failed_its_check_is_built_again(cast: Cast, lena: Account, approved: Ask) -> None:
    request = approved(delivery=Arrival.PICKUP)
    first = actions.build(request, by=cast.hal, now=NOW, place=PLACE)
    actions.check_failed(request, by=lena, note="The report is missing.", now=NOW, place=PLACE)
    second = actions.build(request, by=cast.hal, now=later(hours=1), place=PLACE)
    first.refresh_from_db()
    assert first.ended_at is not None
    assert first.passphrase == ""
    assert second.passphrase


def test_nothing_is_mailed_without_address_tracking_and_another_channel(
    cast: Cast, lena: Account, approved: Ask
) -> None:
    """Requirements G9, G19: each missing thing is named."""
    request = approved(delivery=Arrival.MAIL, contact="1 Main Street")
    actions.build(request, by=cast.hal, now=NOW, place=PLACE)
    actions.check_passed(request, by=lena, note="", now=NOW, place=PLACE)
    with pytest.raises(Unlawful, match=r"tracking number.*passphrase"):
        actions.deliver(request, actions.HandOver(passphrase_by="mail"), by=cast.hal, now=NOW, place=PLACE)


def test_a_mailed_stick_has_label_custody_and_passphrase_by_telephone(cast: Cast, lena: Account, approved: Ask) -> None:
    """Requirements G9, G15, G19: the label has date and body part and no name; each holder is written."""
    request = approved(delivery=Arrival.MAIL, contact="1 Main Street")
    actions.build(request, by=cast.hal, now=NOW, place=PLACE)
    actions.check_passed(request, by=lena, note="", now=NOW, place=PLACE)
    over = actions.HandOver(tracking="1Z999", serial="USB-0042", passphrase_by="phone")
    done = actions.deliver(request, over, by=cast.hal, now=NOW, place=PLACE)
    [link] = done.delivery.package.custody.all()
    assert done.passphrase.count("-") == 4
    assert "chest" in link.label
    assert "Rivera" not in link.label
    assert (link.received_from, link.serial) == ("Hal", "USB-0042")


def test_a_parcel_that_comes_back_is_sent_to_another_address(cast: Cast, lena: Account, approved: Ask) -> None:
    """Requirement G9: who typed the new address is not who lets the parcel go there."""
    request = approved(delivery=Arrival.MAIL, contact="1 Main Street")
    actions.build(request, by=cast.hal, now=NOW, place=PLACE)
    actions.check_passed(request, by=lena, note="", now=NOW, place=PLACE)
    over = actions.HandOver(tracking="1Z999", passphrase_by="phone")
    actions.deliver(request, over, by=cast.hal, now=NOW, place=PLACE)
    actions.mail_returned(request, by=cast.hal, note="moved", now=later(days=8), place=PLACE)
    actions.readdress(request, by=cast.hal, address="2 Side Street", now=later(days=9), place=PLACE)
    with pytest.raises(AccessRefused, match="does not check"):
        actions.check_passed(request, by=cast.hal, note="", now=later(days=9), place=PLACE)
    actions.check_passed(request, by=lena, note="called her", now=later(days=9), place=PLACE)
    again = actions.deliver(request, over, by=cast.hal, now=later(days=9), place=PLACE)
    assert again.delivery.address == "2 Side Street"
    assert Disclosure.objects.count() == 2


def test_a_pickup_needs_identity_and_a_signed_receipt(cast: Cast, lena: Account, approved: Ask) -> None:
    """Requirement G10."""
    request = approved(delivery=Arrival.PICKUP)
    actions.build(request, by=cast.hal, now=NOW, place=PLACE)
    actions.check_passed(request, by=lena, note="", now=NOW, place=PLACE)
    with pytest.raises(Unlawful, match=r"identified.*receipt"):
        actions.deliver(request, actions.HandOver(passphrase_by="phone"), by=cast.hal, now=NOW, place=PLACE)
    over = actions.HandOver(passphrase_by="phone", identified_by="driver's licence", signature="Alice Rivera")
    assert actions.deliver(request, over, by=cast.hal, now=NOW, place=PLACE).delivery.receipt_signature


def test_plain_mail_goes_only_to_who_was_warned_and_still_wants_it(cast: Cast, lena: Account, approved: Ask) -> None:
    """Requirement G17; trap T10."""
    by_phone = {"channel": Channel.PHONE, "requester_name": "Alice Rivera"}
    request = approved(by=cast.hal, delivery=Arrival.PLAIN_EMAIL, contact="alice@example.org", **by_phone)
    actions.build(request, by=cast.hal, now=NOW, place=PLACE)
    actions.check_passed(request, by=lena, note="", now=NOW, place=PLACE)
    with pytest.raises(Unlawful, match="warned"):
        actions.deliver(request, actions.HandOver(), by=cast.hal, now=NOW, place=PLACE)
    ReleaseRequest.objects.filter(pk=request.pk).update(plain_email_warned_at=NOW)
    assert actions.deliver(request, actions.HandOver(), by=cast.hal, now=NOW, place=PLACE).delivery


def test_an_encrypted_file_goes_by_mail_and_opens_with_the_passphrase(
    cast: Cast, lena: Account, approved: Ask, django_capture_on_commit_callbacks: Any, tmp_path: Any
) -> None:
    """Requirements G7, G16: the mail says nothing, the attachment opens in another program's hands (pyzipper)."""
    import pyzipper

    request = approved(delivery=Arrival.EMAIL, contact="alice@example.org")
    actions.build(request, by=cast.hal, now=NOW, place=PLACE)
    actions.check_passed(request, by=lena, note="", now=NOW, place=PLACE)
    with django_capture_on_commit_callbacks(execute=True):
        done = actions.deliver(request, actions.HandOver(passphrase_by="phone"), by=cast.hal, now=NOW, place=PLACE)
    sent = next(item for item in mail.outbox if item.attachments)
    (tmp_path / "records.zip").write_bytes(sent.attachments[0][1])
    with pyzipper.AESZipFile(tmp_path / "records.zip") as opened:
        opened.setpassword(done.passphrase.encode())
        assert opened.testzip() is None
    assert done.passphrase not in sent.body + sent.subject


def test_a_partial_grant_gives_the_rest(cast: Cast, lena: Account, ask: Ask) -> None:
    """Requirement A12: what is withheld has its ground and letter, everything else goes out."""
    request = ask()
    in_review(request, cast.hal)
    actions.deny(
        request,
        by=lena,
        judged_by=cast.dana,
        ground="This speaks of another person, and access is likely to cause them substantial harm.",
        withheld=[Item.REPORT],
        rationale="It names her sister.",
        facts=[Fact.NAMES_OTHER],
        now=NOW,
        place=PLACE,
    )
    actions.approve(request, by=lena, basis="access", now=NOW, place=PLACE)
    request.refresh_from_db()
    assert request.granted == ["images"]
    assert request.letters.filter(template="denial").exists()


LIFE = "Access is likely to endanger the life or physical safety of you or somebody else."


def test_a_denial_is_reviewed_by_another_licensed_person_and_followed(
    cast: Cast, lena: Account, dora: Account, ask: Ask
) -> None:
    """A denial is reviewed by somebody who took no part, and what they decide is done (45 CFR 164.524(d)(4))."""
    request = ask()
    in_review(request, cast.hal)
    denial = actions.deny(
        request, by=lena, judged_by=cast.dana, ground=LIFE, withheld=list(Item), rationale="Risk.", now=NOW, place=PLACE
    )
    actions.ask_review(denial, by=cast.alice, now=NOW, place=PLACE)
    with pytest.raises(Unlawful, match="did not take part"):
        actions.decide_review(denial, by=cast.priya, reviewer=cast.dana, granted=True, now=NOW, place=PLACE)
    actions.decide_review(denial, by=cast.priya, reviewer=dora, granted=True, now=NOW, place=PLACE)
    actions.approve(request, by=lena, basis="access", now=NOW, place=PLACE)
    request.refresh_from_db()
    assert request.state == State.APPROVED


@pytest.mark.parametrize(
    "word",
    [
        "That a result may upset the person is no ground.",
        "An unpaid bill for care is no ground, nor a reason to wait.",
        "because",
    ],
)
def test_what_is_never_a_ground_denies_nothing(cast: Cast, lena: Account, ask: Ask, word: str) -> None:
    """Requirements A11, A13, F9."""
    request = ask()
    in_review(request, cast.hal)
    with pytest.raises(Unlawful):
        actions.deny(request, by=lena, ground=word, withheld=[Item.REPORT], rationale="x", now=NOW, place=PLACE)


def test_a_fee_is_told_accepted_or_avoided_before_work_starts(cast: Cast, ask: Ask) -> None:
    """Requirements E1, E5, E6, E7: nothing is approved until she says yes; the portal is free."""
    from scanward.release.actions import pricing

    request = ask(delivery=Arrival.MAIL, contact="1 Main Street")
    in_review(request, cast.hal)
    with pytest.raises(NotNow, match="fee"):
        actions.approve(request, by=cast.hal, basis="access", now=NOW, place=PLACE)
    lines = pricing.usual_lines(Arrival.MAIL, Medium.DICOM)
    held = actions.quote(request, pricing.fees.Actual(lines), by=cast.hal, now=NOW, place=PLACE)
    assert str(held.total) == "13.50"
    actions.change_format(request, delivery=Arrival.PORTAL, medium=Medium.DICOM, by=cast.alice, now=NOW, place=PLACE)
    actions.approve(request, by=cast.hal, basis="access", now=NOW, place=PLACE)
    request.refresh_from_db()
    assert request.state == State.APPROVED


def test_a_fee_is_waived_with_its_reason(cast: Cast, ask: Ask) -> None:
    """Requirement E9."""
    from scanward.release.actions import pricing

    request = ask(delivery=Arrival.MAIL, contact="1 Main Street")
    in_review(request, cast.hal)
    lines = pricing.usual_lines(Arrival.MAIL, Medium.DICOM)
    actions.quote(request, pricing.fees.Actual(lines), by=cast.hal, now=NOW, place=PLACE)
    with pytest.raises(Unlawful, match="reason"):
        actions.waive(request, by=cast.hal, reason=" ", now=NOW, place=PLACE)
    actions.waive(request, by=cast.hal, reason="Second disc for the same visit", now=NOW, place=PLACE)
    waived, step = request.quotes.get(), request.steps.get(event="accept_fee")
    assert (waived.total, waived.waived_because) == (0, "Second disc for the same visit")
    assert (step.note, step.public) == ("Second disc for the same visit", True)
    assert Entry.objects.filter(kind=EventKind.FEE_WAIVED).count() == 1


def test_who_asked_can_take_it_back(cast: Cast, ask: Ask) -> None:
    request = ask()
    actions.withdraw(request, by=cast.alice, reason="I have it already.", now=NOW, place=PLACE)
    request.refresh_from_db()
    assert request.state == State.WITHDRAWN
    with pytest.raises(NotNow):
        actions.claim(request, by=cast.hal, now=NOW, place=PLACE)


def test_a_stranger_can_neither_withdraw_nor_write(cast: Cast, ask: Ask) -> None:
    """Fault C16."""
    request = ask()
    for verb, words in ((actions.withdraw, {"reason": "x"}), (actions.say, {"body": "x"})):
        with pytest.raises(AccessRefused):
            verb(request, by=cast.charlie, now=NOW, place=PLACE, **words)


def test_every_step_is_in_the_ledger_with_its_request(cast: Cast, approved: Ask) -> None:
    """Requirement L1: each verb leaves its entry; the number of steps and entries agree."""
    request = approved()
    steps = [step.event for step in request.steps.all()]
    told = Entry.objects.filter(subject_kind="request", subject_id=str(request.pk))
    events = [entry.detail["event"] for entry in told.order_by("seq") if "event" in entry.detail]
    assert events == steps


def test_the_notices_carry_no_phi(
    cast: Cast, approved: Ask, django_capture_on_commit_callbacks: Any, lena: Account
) -> None:
    """Requirement I13; fault C23: neither name nor number nor scan is in any mail."""
    with django_capture_on_commit_callbacks(execute=True):
        request = approved()
    assert mail.outbox
    for sent in mail.outbox:
        text = f"{sent.subject} {sent.body}"
        assert not [word for word in ("Rivera", "Alice", "LH-100482", request.number, "CT", "chest") if word in text]


def test_the_front_desk_may_take_a_request_and_not_approve_it(cast: Cast, ask: Ask) -> None:
    """Requirement B2: both desks take requests in; only records decides."""
    fred = staff("fred", Role.FRONT_DESK)
    request = ask(by=fred, channel=Channel.IN_PERSON, requester_name="Alice Rivera")
    in_review(request, fred)
    with pytest.raises(AccessRefused):
        actions.approve(request, by=fred, basis="access", now=NOW, place=PLACE)


def test_an_urgent_request_says_why_and_is_expected_sooner(ask: Ask) -> None:
    """Requirement B16."""
    with pytest.raises(Unlawful, match="urgent"):
        ask(expedited=True)
    usual, urgent = ask(), ask(expedited=True, expedited_reason="Surgery on Friday")
    assert urgent.expected_latest < usual.expected_latest
    assert urgent.due_on == usual.due_on


def test_the_warnings_follow_the_clock(ask: Ask) -> None:
    """Requirement F6."""
    request = ask()
    levels = [clocks.read(request, now=NOW + timedelta(days=day)).level.name for day in (1, 16, 24, 28, 32)]
    assert levels == ["CALM", "HALF", "THREE_QUARTERS", "NINE_TENTHS", "OVERDUE"]


def test_a_killed_build_leaves_nothing(cast: Cast, approved: Ask, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fault D8: what dies half-way through building is as if it had not begun."""
    from scanward.release.actions import preparing

    request = approved()
    monkeypatch.setattr(preparing, "_seal", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        actions.build(request, by=cast.hal, now=NOW, place=PLACE)
    request.refresh_from_db()
    assert request.state == State.APPROVED
    assert not request.packages.exists()
