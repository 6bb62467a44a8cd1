"""Deeds of different people in an order that nobody planned: in none of them does anything leave that should not."""

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.core import mail

from cast import ALICE, BY, NOW, PLACE, Cast, bring, chest_of, sender
from rooms.release.helping import TODAY, free, in_review, later
from rooms.release.test_conflicts import to_research
from rooms.release.test_hostile import READ_BACK, TO_OKOYE, by_link, checked
from rooms.release.test_revocation import ATTORNEY, paper
from scanward.access.actions import AccessRefused
from scanward.access.models import SensitiveStudy
from scanward.archive.models import Instance, ReportStatus, Series, Study
from scanward.archive.reports import Section, SectionKind, store_report
from scanward.law.bases import Basis, RecipientKind
from scanward.law.denials import Ground
from scanward.law.documents import Document
from scanward.law.errors import Unlawful
from scanward.law.holds import Item
from scanward.law.tracks import Track
from scanward.people.contacts import change_contact
from scanward.people.kinds import Authority, ContactSystem
from scanward.people.models import Account, Patient, PatientLink, Representation, RoleAssignment
from scanward.release import actions, letters, rights, sharing
from scanward.release.actions.mailing import send_again
from scanward.release.machine import NotNow
from scanward.release.models import ReleaseRequest, Share
from scanward.release.ways import Arrival, Channel, Medium

pytestmark = pytest.mark.django_db
Ask = Callable[..., ReleaseRequest]
BY_MAIL = {"delivery": Arrival.MAIL, "contact": "1 Main Street"}
PARCEL = actions.HandOver(tracking="1Z9", passphrase_by="phone")
RUTHS = "access by a personal representative"


def alive(share: Share) -> bool:
    """Whether the link opens at this moment, as a visitor would find it."""
    fresh = Share.objects.select_related("created_by", "authorization", "request").get(pk=share.pk)
    return sharing.alive(fresh, now=later(minutes=5))


def corrected(study: Study, *, status: ReportStatus = ReportStatus.AMENDED) -> None:
    """The report is corrected."""
    sections = [Section(SectionKind.IMPRESSION, "It is the left lung.")]
    store_report(study, sections, status=status, finalized_at=later(minutes=1), sender=sender(), now=later(minutes=1))


def kept_from_doctors(cast: Cast) -> None:
    """Alice keeps her scans from other doctors, and the house agrees."""
    asked = rights.ask_restriction(
        cast.alices, recipients=[RecipientKind.PROVIDER], bases=[Basis.TREATMENT], by=cast.alice, now=NOW, place=PLACE
    )
    rights.decide_restriction(asked, agreed=True, by=cast.hal, now=NOW, place=PLACE)


def denied_meanwhile(cast: Cast, lena: Account, ask: Ask, by: Account | None = None) -> None:
    """A second request of the same person is denied, on what Dana judged."""
    request = ask(by=by, now=later(minutes=1))
    in_review(request, cast.hal, now=later(minutes=1))
    ground = Ground.REPRESENTATIVE_HARM if by else Ground.ENDANGERS_LIFE
    actions.deny(
        request, by=lena, judged_by=cast.dana, ground=ground.value, withheld=[Item.IMAGES, Item.REPORT],
        rationale="A risk.", now=later(minutes=2), place=PLACE,
    )  # fmt: skip


def ruths_link(cast: Cast, lena: Account, ask: Ask) -> Share:
    """What Ruth asked for Alice, delivered by the desk as a link."""
    return by_link(checked(ask(by=cast.ruth, delivery=Arrival.LINK), cast, lena, basis=RUTHS), cast)


def test_a_link_of_the_desk_ends_with_the_authority_of_whom_it_was_for(cast: Cast, lena: Account, ask: Ask) -> None:
    """Fault C14; requirement A3: also the link that a clerk made, and not the representative herself."""
    share = ruths_link(cast, lena, ask)
    assert alive(share)
    Representation.objects.update(ended_at=NOW)
    assert not alive(share)


def test_a_link_of_the_desk_ends_when_the_account_was_somebody_elses(cast: Cast, lena: Account, ask: Ask) -> None:
    """Requirement C1: she had been connected with another person's record by mistake."""
    share = by_link(checked(ask(delivery=Arrival.LINK), cast, lena, basis="access"), cast)
    PatientLink.objects.filter(account=cast.alice).update(ended_at=NOW)
    assert not alive(share)


@pytest.mark.parametrize("wish", [{}, TO_OKOYE], ids=["her own copy", "to her doctor"])
def test_what_she_asked_for_herself_ends_with_her_life(cast: Cast, lena: Account, ask: Ask, wish: Any) -> None:
    """Fault C14; 45 CFR 164.502(g)(4): from then on only her estate may say where it goes."""
    basis = Basis.DIRECTIVE if wish else Basis.ACCESS
    share = by_link(checked(ask(**{**wish, "delivery": Arrival.LINK}), cast, lena, basis=basis), cast)
    waiting = checked(ask(**{**wish, "delivery": Arrival.LINK}), cast, lena, basis=basis)
    assert alive(share)
    Patient.objects.filter(pk=cast.alices.pk).update(died_on=TODAY)
    assert not alive(share)
    with pytest.raises(NotNow, match="died"):
        actions.deliver(waiting, actions.HandOver(expires_at=later(days=9)), by=cast.hal, now=NOW, place=PLACE)


def test_a_paper_looked_at_before_her_death_is_looked_at_again(cast: Cast, ask: Ask) -> None:
    """Fault C14: a power of attorney ends with her; an executor's paper is looked at after it."""
    request = ask(by=cast.hal, channel=Channel.LETTER, by_representative=True, requester_name="Ruth", **BY_MAIL)
    in_review(request, cast.hal)
    actions.quote(request, free(), by=cast.hal, now=NOW, place=PLACE)
    Patient.objects.filter(pk=cast.alices.pk).update(died_on=TODAY + timedelta(days=1))
    with pytest.raises(NotNow, match="authority"):
        actions.approve(request, by=cast.hal, basis=RUTHS, now=later(days=2), place=PLACE)
    other = ask(by=cast.hal, channel=Channel.LETTER, by_representative=True, now=later(days=2), **BY_MAIL)
    in_review(other, cast.hal, now=later(days=2))
    actions.quote(other, free(), by=cast.hal, now=later(days=2), place=PLACE)
    actions.approve(other, by=cast.hal, basis=RUTHS, now=later(days=2), place=PLACE)


def test_a_restriction_that_came_later_ends_a_doctors_link(cast: Cast) -> None:
    """45 CFR 164.522(a)(1)(iii): Dana shared for care; then Alice keeps it from other doctors. No new link either."""
    wish = sharing.Wish(recipient_name="Dr. Okoye", studies=[cast.chest], expires_at=later(days=9))
    share = sharing.create(wish, by=cast.dana, now=NOW, place=PLACE).share
    hers = sharing.create(wish, by=cast.alice, now=NOW, place=PLACE).share
    assert alive(share)
    kept_from_doctors(cast)
    assert not alive(share)
    assert alive(hers), "what she shares herself is her own word"
    with pytest.raises(Unlawful, match="keeps this"):
        sharing.create(wish, by=cast.dana, now=NOW, place=PLACE)


def test_a_restriction_that_came_later_ends_the_link_of_a_release(cast: Cast, lena: Account, ask: Ask) -> None:
    """45 CFR 164.522(a)(1)(iii): it was delivered for care; what was seen stays written, nothing more is."""
    wish = {**TO_OKOYE, "track": Track.TREATMENT, "care": "a second opinion"}
    request = ask(**wish)
    share = by_link(checked(request, cast, lena, basis=Basis.TREATMENT), cast)
    assert alive(share)
    kept_from_doctors(cast)
    assert not alive(share)


def test_a_link_that_came_back_is_dead_before_the_next_one(cast: Cast, lena: Account, ask: Ask) -> None:
    """Requirements C6, J6: it reached nobody or somebody else; only the new one opens anything."""
    request = checked(ask(**TO_OKOYE), cast, lena, basis=Basis.DIRECTIVE)
    first = by_link(request, cast)
    actions.mail_returned(request, by=cast.hal, note="wrong address", now=NOW, place=PLACE)
    assert not alive(first)
    actions.readdress(request, by=cast.hal, address="2 River Road", now=NOW, place=PLACE)
    back = {**READ_BACK, "address": "2 River Road"}
    actions.confirm_recipient(request, back, by=cast.hal, now=NOW, place=PLACE)
    actions.check_passed(request, by=lena, note="", now=NOW, place=PLACE)
    actions.deliver(request, actions.HandOver(expires_at=later(days=9)), by=cast.hal, now=NOW, place=PLACE)
    second = Share.objects.filter(request=request).exclude(pk=first.pk).get()
    assert (alive(first), alive(second)) == (False, True)


@pytest.mark.parametrize("deed", ["withdraw", "cancel"])
def test_what_is_taken_back_after_its_return_leaves_no_link(cast: Cast, lena: Account, ask: Ask, deed: str) -> None:
    """Requirements D9, J6: the parcel with the link came back, and then nobody wants it any more."""
    request = checked(ask(**TO_OKOYE), cast, lena, basis=Basis.DIRECTIVE)
    share = by_link(request, cast)
    actions.mail_returned(request, by=cast.hal, note="moved", now=NOW, place=PLACE)
    by = cast.alice if deed == "withdraw" else cast.hal
    getattr(actions, deed)(request, by=by, reason="not needed", now=NOW, place=PLACE)
    share.refresh_from_db()
    assert share.revoked_at is not None


def test_a_corrected_report_goes_instead_of_the_old_one(cast: Cast, lena: Account, ask: Ask) -> None:
    """Requirements A14, G2: corrected between the second person's check and the door; built and checked anew."""
    request = checked(ask(**BY_MAIL), cast, lena, basis="access")
    corrected(cast.chest)
    with pytest.raises(Unlawful, match="Build it again"):
        actions.deliver(request, PARCEL, by=cast.hal, now=later(minutes=2), place=PLACE)
    actions.build(request, by=cast.hal, now=later(minutes=2), place=PLACE)
    actions.check_passed(request, by=lena, note="", now=later(minutes=2), place=PLACE)
    sent = actions.deliver(request, PARCEL, by=cast.hal, now=later(minutes=2), place=PLACE).delivery
    assert sent.package.report_ids == [str(cast.chest.reports.get(version=2).pk)]


def test_images_that_came_after_the_packing_go_along(cast: Cast, lena: Account, ask: Ask) -> None:
    """Requirements A12, A14: a copy is complete on the day on which it leaves."""
    request = checked(ask(**BY_MAIL), cast, lena, basis="access")
    Instance.objects.filter(series__study=cast.chest, number=1).update(received_at=later(minutes=1))
    with pytest.raises(Unlawful, match="Build it again"):
        actions.deliver(request, PARCEL, by=cast.hal, now=later(minutes=2), place=PLACE)


STAGES = ["matched", "approved", "checked"]


@pytest.mark.parametrize("stage", STAGES)
def test_a_scan_that_became_another_patients_leaves_with_nobodys_request(
    cast: Cast, lena: Account, ask: Ask, stage: str
) -> None:
    """Fault D15: it had been filed under the wrong person; whatever has been done by then, it stops here."""
    request = ask(**BY_MAIL, report=False)
    in_review(request, cast.hal)
    actions.quote(request, free(), by=cast.hal, now=NOW, place=PLACE)
    steps: list[tuple[str, Callable[[], object]]] = [
        ("matched", lambda: actions.approve(request, by=cast.hal, basis="access", now=NOW, place=PLACE)),
        ("approved", lambda: actions.build(request, by=cast.hal, now=NOW, place=PLACE)),
        ("built", lambda: actions.check_passed(request, by=lena, note="", now=NOW, place=PLACE)),
        ("checked", lambda: actions.deliver(request, PARCEL, by=cast.hal, now=NOW, place=PLACE)),
    ]
    for name, step in steps:
        if name == stage:
            Study.objects.filter(pk=cast.chest.pk).update(patient=cast.charlies)
            with pytest.raises(NotNow, match="another patient"):
                step()
            break
        step()


def test_a_scan_that_became_another_patients_is_in_no_link_of_a_release(cast: Cast, lena: Account, ask: Ask) -> None:
    """Fault D15; requirement J4."""
    share = by_link(checked(ask(**TO_OKOYE), cast, lena, basis=Basis.DIRECTIVE), cast)
    Study.objects.filter(pk=cast.chest.pk).update(patient=cast.charlies)
    assert not alive(share)


@pytest.mark.parametrize("stage", ["in review", "approved", "checked"])
def test_what_was_denied_since_does_not_leave_on_an_older_request(
    cast: Cast, lena: Account, ask: Ask, stage: str
) -> None:
    """45 CFR 164.524(a)(3): two requests of one person, two clerks; a doctor judged that it endangers her."""
    request = ask(**BY_MAIL)
    in_review(request, cast.hal)
    actions.quote(request, free(), by=cast.hal, now=NOW, place=PLACE)
    if stage != "in review":
        actions.approve(request, by=cast.hal, basis="access", now=NOW, place=PLACE)
    if stage == "checked":
        actions.build(request, by=cast.hal, now=NOW, place=PLACE)
        actions.check_passed(request, by=lena, note="", now=NOW, place=PLACE)
    denied_meanwhile(cast, lena, ask)
    when: dict[str, Any] = {"by": cast.hal, "now": later(minutes=3), "place": PLACE}
    steps: dict[str, Callable[[], object]] = {
        "in review": lambda: actions.approve(request, basis="access", **when),
        "approved": lambda: actions.build(request, **when),
        "checked": lambda: actions.deliver(request, PARCEL, **when),
    }
    with pytest.raises(Unlawful, match="denied to the same person"):
        steps[stage]()


def test_a_denial_of_the_representative_keeps_nothing_from_the_patient(cast: Cast, lena: Account, ask: Ask) -> None:
    """Requirement A12: her own older request goes on."""
    request = checked(ask(**BY_MAIL), cast, lena, basis="access")
    denied_meanwhile(cast, lena, ask, by=cast.ruth)
    assert actions.deliver(request, PARCEL, by=cast.hal, now=later(minutes=3), place=PLACE)


def test_the_desk_sends_a_doctor_no_scan_that_the_patient_did_not_name(cast: Cast, ask: Ask) -> None:
    """Requirements B13, D10: she named one in the portal; another one takes a request of its own."""
    request, other = ask(**TO_OKOYE), bring(chest_of(ALICE, seed=77))
    in_review(request, cast.hal)
    with pytest.raises(Unlawful, match="named which"):
        actions.match(request, [cast.chest, other], patient=cast.alices, by=cast.hal, now=NOW, place=PLACE)
    actions.match(request, [cast.chest], patient=cast.alices, by=cast.hal, now=NOW, place=PLACE)


def test_where_the_patient_is_reached_is_no_representatives_address(cast: Cast, lena: Account, ask: Ask) -> None:
    """45 CFR 164.522(b): she chose another address, perhaps because of who acts for her."""
    rights.set_address(cast.alices, address="Box 9", email="", phone="", by=cast.alice, now=NOW, place=PLACE)
    request = checked(ask(by=cast.ruth, **BY_MAIL), cast, lena, basis=RUTHS)
    sent = actions.deliver(request, PARCEL, by=cast.hal, now=NOW, place=PLACE).delivery
    assert sent.address == "1 Main Street"


@pytest.mark.parametrize("change", ["sensitive", "narrowed", "refused for danger"])
def test_an_authority_that_reaches_less_by_then_takes_nothing_along(
    cast: Cast, lena: Account, ask: Ask, change: str
) -> None:
    """Fault C14: between the second person's check and the door, and in the link that is out already."""
    share = ruths_link(cast, lena, ask)
    request = checked(ask(by=cast.ruth, **BY_MAIL), cast, lena, basis=RUTHS)
    if change == "sensitive":
        Representation.objects.update(without_sensitive=True)
        SensitiveStudy.objects.create(study_id=cast.chest.pk, patient=cast.alices, care="general", labelled_at=NOW)
    elif change == "narrowed":
        other = bring(chest_of(ALICE, seed=77))
        Representation.objects.update(study_ids=[str(other.pk)])
    else:
        Representation.objects.update(refused_at=NOW)
    assert not alive(share)
    with pytest.raises(NotNow, match="authority"):
        actions.deliver(request, PARCEL, by=cast.hal, now=later(minutes=1), place=PLACE)


def test_a_minor_who_comes_of_age_gets_her_own_mail(cast: Cast, lena: Account, ask: Ask) -> None:
    """Fault C14: packed for her mother the day before her birthday."""
    birthday = TODAY + timedelta(days=1)
    Patient.objects.filter(pk=cast.alices.pk).update(birth_date=birthday.replace(year=birthday.year - 18))
    Representation.objects.update(authority=Authority.PARENT)
    request = checked(ask(by=cast.ruth, **BY_MAIL), cast, lena, basis=RUTHS)
    with pytest.raises(NotNow, match="authority"):
        actions.deliver(request, PARCEL, by=cast.hal, now=later(days=1), place=PLACE)


def test_what_goes_to_a_doctor_is_not_put_into_the_patients_portal_instead(cast: Cast, lena: Account, ask: Ask) -> None:
    """Requirements E5, D12: the free way of a copy for somebody else is a link; the register would say he has it."""
    request = ask(**{**TO_OKOYE, "delivery": Arrival.MAIL})
    in_review(request, cast.hal)
    with pytest.raises(Unlawful, match="portal"):
        actions.change_format(
            request, delivery=Arrival.PORTAL, medium=Medium.DICOM, by=cast.alice, now=NOW, place=PLACE
        )


def test_an_authorization_serves_one_request(cast: Cast, lena: Account, ask: Ask) -> None:
    """Requirements A8, D10: the paper of the first is put to a second one; the first loses it and stops."""

    def asked() -> ReleaseRequest:
        request = ask(
            by=cast.hal, track=Track.AUTHORIZATION, recipient=ATTORNEY, requester_name="Lawson & Partners",
            delivery=Arrival.LINK,
        )  # fmt: skip
        in_review(request, cast.hal)
        return request

    first, signed = asked(), paper(cast)
    actions.check_authorization(first, signed, by=cast.hal, now=NOW, place=PLACE)
    back = {"name": "Lawson & Partners", "address": "9 Court Street"}
    actions.confirm_recipient(first, back, by=cast.hal, now=NOW, place=PLACE)
    actions.note_local_rules(first, note="Nothing stricter.", by=cast.hal, now=NOW, place=PLACE)
    actions.approve(first, by=cast.hal, basis="authorization", now=NOW, place=PLACE)
    actions.check_authorization(asked(), signed, by=cast.hal, now=NOW, place=PLACE)
    with pytest.raises(NotNow, match="authorization"):
        actions.build(first, by=cast.hal, now=NOW, place=PLACE)


def test_who_lost_the_office_between_check_and_door_hands_nothing_over(cast: Cast, lena: Account, ask: Ask) -> None:
    """Fault C21: a role that ended ends what its holder was about to do."""
    request = checked(ask(**BY_MAIL), cast, lena, basis="access")
    RoleAssignment.objects.filter(account=cast.hal).update(ended_at=NOW)
    with pytest.raises(AccessRefused):
        actions.deliver(request, PARCEL, by=cast.hal, now=later(minutes=1), place=PLACE)


def test_a_plan_that_is_kept_away_after_the_check_gets_nothing(cast: Cast, lena: Account, ask: Ask) -> None:
    """45 CFR 164.522(a)(1)(vi): quoted, approved, packed and checked; then paid in full out of pocket."""
    plan = actions.RecipientDetails(kind=RecipientKind.HEALTH_PLAN, name="Blue Plan", address="Box 1", state="DC")
    request = ask(by=cast.hal, track=Track.OPERATIONS, recipient=plan, images=False, delivery=Arrival.LINK)
    in_review(request, cast.hal)
    actions.confirm_recipient(request, {"name": "Blue Plan", "address": "Box 1"}, by=cast.hal, now=NOW, place=PLACE)
    actions.file_evidence(request, Document.PAYMENT_PURPOSE, note="claim 7", by=cast.hal, now=NOW, place=PLACE)
    actions.approve(request, by=cast.hal, basis="payment", now=NOW, place=PLACE)
    actions.build(request, by=cast.hal, now=NOW, place=PLACE)
    actions.check_passed(request, by=lena, note="", now=NOW, place=PLACE)
    rights.ask_restriction(
        cast.alices, recipients=[RecipientKind.HEALTH_PLAN], bases=[Basis.PAYMENT], paid_in_full=True,
        by=cast.alice, now=NOW, place=PLACE,
    )  # fmt: skip
    with pytest.raises(NotNow, match="restriction"):
        actions.deliver(request, actions.HandOver(expires_at=later(days=9)), by=cast.hal, now=NOW, place=PLACE)


def test_no_letter_to_somebody_else_names_where_she_is_reached(cast: Cast, ask: Ask) -> None:
    """45 CFR 164.522(b): neither the receipt of a representative nor the answer to an attorney; her own letters do."""
    rights.set_address(cast.alices, address="Box 9", email="", phone="", by=cast.alice, now=NOW, place=PLACE)
    attorneys = {"by": cast.hal, "track": Track.AUTHORIZATION, "recipient": ATTORNEY, "channel": Channel.LETTER}
    wishes: dict[str, dict[str, Any]] = {
        "hers": {},
        "her letter": {"by": cast.hal, "channel": Channel.LETTER},
        "ruth's": {"by": cast.ruth, "contact": "9 Elm Street"},
        "the attorney's": {**attorneys, "requester_name": "Lawson & Partners", "contact": "9 Court Street"},
    }
    named = {who: "Box 9" in str(ask(**wish).letters.get().values) for who, wish in wishes.items()}
    assert named == {"hers": True, "her letter": True, "ruth's": False, "the attorney's": False}


@pytest.mark.parametrize("last", ["desk", "portal"])
def test_the_last_word_on_where_she_is_reached_counts(cast: Cast, lena: Account, ask: Ask, last: str) -> None:
    """45 CFR 164.522(b): told at the desk or written in the portal; the parcel that is packed by then goes there."""
    request = checked(ask(**BY_MAIL), cast, lena, basis="access")
    order = ["desk", "portal"] if last == "portal" else ["portal", "desk"]
    for minute, where in enumerate(order):
        if where == "portal":
            rights.set_address(
                cast.alices, address="portal", email="", phone="", by=cast.alice, now=later(minutes=minute), place=PLACE
            )
        else:
            change_contact(
                cast.alices, ContactSystem.POST, "desk", confidential=True, actor=BY, place=PLACE,
                now=later(minutes=minute),
            )  # fmt: skip
    if stated := letters.to_read_back(request):
        actions.confirm_recipient(request, stated, by=cast.hal, now=NOW, place=PLACE)
    assert (actions.deliver(request, PARCEL, by=cast.hal, now=NOW, place=PLACE).delivery.address, bool(stated)) == (
        last,
        last == "desk",
    )


@pytest.mark.parametrize("stage", ["approved", "checked", "delivered"])
def test_a_head_that_arrives_after_the_approval_goes_to_no_research(
    cast: Cast, lena: Account, ask: Ask, stage: str
) -> None:
    """Requirement D15: a chest was approved under a waiver; then a series of the head comes into the same study."""
    request = to_research(cast, ask, Document.WAIVER)
    over = actions.HandOver(expires_at=later(days=9))
    actions.approve(request, by=cast.hal, basis=Basis.RESEARCH_WAIVER, now=NOW, place=PLACE)
    if stage != "approved":
        actions.build(request, by=cast.hal, now=NOW, place=PLACE)
        actions.check_passed(request, by=lena, note="", now=NOW, place=PLACE)
    if stage == "delivered":
        actions.deliver(request, over, by=cast.hal, now=NOW, place=PLACE)
        assert alive(Share.objects.get(request=request))
    Series.objects.filter(pk=cast.chest.series.all()[0].pk).update(description="HEAD 1.0")
    if stage == "delivered":
        assert not alive(Share.objects.get(request=request))
        return
    step = actions.build if stage == "approved" else partial(actions.deliver, over=over)
    # What was checked has changed as well, and that is said first.
    with pytest.raises((NotNow, Unlawful), match="face" if stage == "approved" else "changed since"):
        step(request, by=cast.hal, now=NOW, place=PLACE)


def test_a_mail_that_was_not_sent_goes_to_no_address_that_she_left(
    cast: Cast, lena: Account, ask: Ask, django_capture_on_commit_callbacks: Any
) -> None:
    """45 CFR 164.522(b): its sender died on the way, and before the worker found it she gave another address."""
    request = checked(ask(delivery=Arrival.EMAIL, contact="alice@example.org"), cast, lena, basis="access")
    actions.deliver(request, actions.HandOver(passphrase_by="phone"), by=cast.hal, now=NOW, place=PLACE)
    mail.outbox.clear()
    rights.set_address(
        cast.alices, address="", email="elsewhere@example.org", phone="", by=cast.alice, now=NOW, place=PLACE
    )
    with django_capture_on_commit_callbacks(execute=True):
        assert send_again(now=later(minutes=16)) == 0
    request.refresh_from_db()
    assert request.state == "returned_mail"
    assert not [sent for sent in mail.outbox if sent.attachments]
