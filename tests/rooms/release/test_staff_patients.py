"""Staff are patients somewhere, too: with their own record they stand where every patient stands."""

import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

import cast as people
from cast import BY, NOW, PHOTO_ID, PLACE, Cast
from rooms.release.helping import in_review, later, likely_cancer
from scanward.access.actions import AccessRefused
from scanward.access.actors import actor_of
from scanward.access.kinds import Action
from scanward.access.viewing import flush
from scanward.archive.models import Instance, Study
from scanward.audit.kinds import Channel, EventKind
from scanward.audit.models import Entry
from scanward.law.denials import Ground
from scanward.law.holds import Item
from scanward.law.purpose import PurposeOfUse
from scanward.people.models import Account
from scanward.release import actions, holds, packages, questions, rights, sharing
from scanward.release.models import ReleaseRequest

pytestmark = pytest.mark.django_db
READ = {Action.VIEW_REPORT, Action.VIEW_IMAGES, Action.DOWNLOAD}


@pytest.fixture
def danas(cast: Cast) -> Study:
    """Dana, the doctor, was in the scanner herself; the record is hers."""
    study = people.bring(people.chest_of(people.NORA, seed=31))
    people.link(cast.dana, study.patient)
    return study


@pytest.fixture
def refused(cast: Cast, lena: Account, dora: Account, danas: Study) -> ReleaseRequest:
    """She asked for a copy, and the lead denied all of it on what another doctor judged."""
    wish = actions.Asked(patient=danas.patient, studies=[danas])
    request = actions.receive(wish, by=cast.dana, now=NOW, place=PLACE)
    in_review(request, cast.hal)
    people.actions.add_care_relation(
        dora, danas.patient, kind=people.CareKind.CARE_TEAM, actor=BY, place=PLACE, now=NOW
    )
    actions.deny(
        request, by=lena, judged_by=dora, ground=Ground.ENDANGERS_LIFE.value, withheld=[*Item],
        rationale="She said that she would harm herself.", now=NOW, place=PLACE,
    )  # fmt: skip
    return request


def browser(account: Account) -> Client:
    client = Client()
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def held(account: Account, study: Study) -> set[Action]:
    return set(holds.context_for(actor_of(account, now=NOW), study, now=NOW).held)


@pytest.mark.usefixtures("refused")
def test_a_clinicians_own_denied_record_is_denied_to_her_and_open_to_who_treats_her(
    cast: Cast, dora: Account, danas: Study
) -> None:
    """Requirement A12; 45 CFR 164.524(d): a role at work opens nothing of one's own; care goes on."""
    assert held(cast.dana, danas) == READ
    assert held(dora, danas) == set()
    assert held(cast.dana, cast.chest) == set()


@pytest.mark.usefixtures("refused")
def test_no_page_and_no_copy_gives_her_what_was_denied(cast: Cast, danas: Study) -> None:
    """Requirement A12: page, report, picture, copy; her patient's pages stay open to her."""
    at = browser(cast.dana)
    page = at.get(reverse("study", args=[danas.pk]))
    assert page.status_code == 200
    assert "keeps these images back" in page.content.decode()
    for name in ("report-pdf", "viewer-data", "download"):
        assert at.get(reverse(name, args=[danas.pk])).status_code == 404, name
    with pytest.raises(AccessRefused):
        packages.prepare(cast.dana, danas, purpose=PurposeOfUse.PATIENT_REQUEST, language="en", now=NOW, place=PLACE)
    assert at.get(reverse("viewer-data", args=[cast.chest.pk])).status_code == 200


def test_a_texas_hold_binds_a_clinician_with_her_own_report_only(
    cast: Cast, danas: Study, settings: pytest.FixtureRequest
) -> None:
    """Requirement A16, trap T8: her own report waits; her patient's she reads at once, as the treating doctor."""
    settings.FACILITY_STATE = "TX"  # type: ignore[attr-defined]
    for study in (danas, cast.chest):
        likely_cancer(study)
    assert held(cast.dana, danas) == {Action.VIEW_REPORT}
    assert held(cast.alice, cast.chest) == {Action.VIEW_REPORT}
    assert held(cast.dana, cast.chest) == set()


def test_staff_who_are_patients_ask_share_and_end_like_patients(cast: Cast, danas: Study) -> None:
    """Requirements A1, A12, I4, J6: her request is hers, and so is her link and its end."""
    request = actions.receive(actions.Asked(patient=danas.patient, studies=[danas]), by=cast.dana, now=NOW, place=PLACE)
    assert (request.requester, request.entered_by) == (cast.dana, None)
    assert request.verified_at is not None
    wish = sharing.Wish(recipient_name="Dr. Weiss", studies=[danas], expires_at=later(days=7), passcode="246810")
    share = sharing.create(wish, by=cast.dana, now=NOW, place=PLACE).share
    sharing.revoke(share, by=cast.dana, now=NOW, place=PLACE)
    share.refresh_from_db()
    assert share.revoked_at == NOW
    actions.withdraw(request, by=cast.dana, reason="", now=NOW, place=PLACE)


def test_staff_who_are_patients_ask_for_a_correction_and_ask_about_the_report(cast: Cast, danas: Study) -> None:
    """Requirements H4, H7: as the patient, in the portal; answered by somebody else."""
    asked = rights.ask_amendment(danas.patient, text="I never smoked.", study=danas, by=cast.dana, now=NOW, place=PLACE)
    assert asked.patient == danas.patient
    at = browser(cast.dana)
    assert at.get(reverse("ask-doctor", args=[danas.pk])).status_code == 200
    assert at.get(reverse("ask-doctor", args=[cast.chest.pk])).status_code == 404
    thread = questions.ask(danas, body="What is a nodule?", by=cast.dana, now=NOW, place=PLACE).question
    assert thread is not None
    with pytest.raises(AccessRefused):
        questions.answer(thread, body="It is harmless.", by=cast.dana, now=NOW, place=PLACE)


def test_nobody_at_the_desk_works_on_her_own_request(cast: Cast, danas: Study, lena: Account) -> None:
    """Fault C16: Hal is the patient whom it is about; another person decides, and each try is written down."""
    danas.patient.account_links.update(account=cast.hal)
    request = actions.receive(actions.Asked(patient=danas.patient, studies=[danas]), by=cast.hal, now=NOW, place=PLACE)
    for deed in (
        lambda: actions.claim(request, by=cast.hal, now=NOW, place=PLACE),
        lambda: actions.verify(request, by=cast.hal, shown=PHOTO_ID, now=NOW, place=PLACE),
        lambda: actions.approve(request, by=cast.hal, basis="access", now=NOW, place=PLACE),
    ):
        with pytest.raises(AccessRefused, match="own"):
            deed()
    assert Entry.objects.filter(actor_id=str(cast.hal.pk), kind=EventKind.DECISION_REFUSED).count() == 3
    in_review(request, lena)
    actions.approve(request, by=lena, basis="access", now=NOW, place=PLACE)


def test_staff_find_their_own_scans_beside_their_work(cast: Cast, danas: Study) -> None:
    """Requirement I16: whoever works here and is a patient here has both."""
    at = browser(cast.dana)
    mine = at.get(reverse("scans")).content.decode()
    assert reverse("study", args=[danas.pk]) in mine
    for name in ("requests", "shares", "sent", "rights", "desk", "my-patients"):
        assert f'href="{reverse(name)}"' in mine, name
    assert f'href="{reverse("scans")}"' in at.get(reverse("desk")).content.decode()
    assert f'href="{reverse("scans")}"' not in browser(cast.hal).get(reverse("desk")).content.decode()


def purposes(client: Client, page: str, account: Account) -> set[PurposeOfUse | None]:
    """Open a page, and return for what the ledger says that it was."""
    last = Entry.objects.latest("seq").seq
    assert client.get(page).status_code == 200, page
    flush(now=timezone.now())
    found = {entry.purpose for entry in Entry.objects.filter(seq__gt=last, actor_id=str(account.pk))}
    assert found, page
    return found


def links(page: str, client: Client) -> set[str]:
    """The addresses of scans to which a page leads."""
    return set(re.findall(r"/(?:desk/)?scans/[0-9a-f-]{36}/[^\s\"#]*", client.get(page).content.decode()))


def test_who_represents_and_treats_a_patient_treats_at_the_desk_and_represents_in_the_portal(cast: Cast) -> None:
    """Requirements A3, A4, L1: from the worklist to the last picture it is care, from My scans it is the patient's."""
    people.represent(cast.dana, cast.alices, until=None)
    client = browser(cast.dana)
    image = Instance.objects.filter(series__study=cast.chest, frames__gt=0).first()
    assert image
    for start, before, purpose, channel in (
        (reverse("my-patients"), "desk-", PurposeOfUse.TREATMENT, Channel.DESK),
        (reverse("desk-patient", args=[cast.alices.pk]), "desk-", PurposeOfUse.TREATMENT, Channel.DESK),
        (reverse("scans"), "", PurposeOfUse.PATIENT_REQUEST, Channel.PORTAL),
    ):
        study = reverse(f"{before}study", args=[cast.chest.pk])
        assert links(start, client) == {study}, start
        assert purposes(client, study, cast.dana) == {purpose}
        assert all(way.startswith(study) for way in links(study, client)), study
        assert purposes(client, reverse(f"{before}report-pdf", args=[cast.chest.pk]), cast.dana) == {purpose}
        data = client.get(reverse(f"{before}viewer-data", args=[cast.chest.pk])).json()
        assert data["series"][0]["base"] == f"{study}images/"
        assert purposes(client, f"{study}images/{image.pk}/0", cast.dana) == {purpose}
        assert Entry.objects.latest("seq").place.channel is channel
        copy = client.post(reverse(f"{before}download", args=[cast.chest.pk])).headers["Location"]
        assert packages.Package.objects.latest("created_at").purpose == purpose.value
        assert b"".join(client.get(copy).streaming_content)  # type: ignore[attr-defined]
        form = {"name": "Dr. Okoye", "last_day": later(days=3).date().isoformat(), "images": "1", "passcode": "246810"}
        assert client.post(reverse(f"{before}share-new", args=[cast.chest.pk]), form).status_code == 200
        assert Entry.objects.filter(kind=EventKind.SHARE_CREATED).latest("seq").purpose is purpose


def test_at_the_desk_a_hold_that_binds_a_representative_does_not_bind_who_treats(
    cast: Cast, danas: Study, settings: pytest.FixtureRequest
) -> None:
    """Requirement A4, trap T8: care goes on; her own record stays closed to her at the desk, too."""
    settings.FACILITY_STATE = "TX"  # type: ignore[attr-defined]
    people.represent(cast.dana, cast.alices, until=None)
    people.actions.add_care_relation(
        cast.dana, danas.patient, kind=people.CareKind.ORDERING, actor=BY, place=PLACE, now=NOW
    )
    for study in (danas, cast.chest):
        likely_cancer(study)
    client = browser(cast.dana)
    shown = {
        (name, study.pk): client.get(reverse(name, args=[study.pk])).status_code == 200
        for study in (danas, cast.chest)
        for name in ("report-pdf", "desk-report-pdf")
    }
    assert [key for key, seen in shown.items() if seen] == [("desk-report-pdf", cast.chest.pk)]


def test_one_s_own_record_is_no_work(cast: Cast, danas: Study) -> None:
    """Requirement K1: at the desk nothing opens for being one's own; in the portal it does."""
    client = browser(cast.dana)
    assert client.get(reverse("study", args=[danas.pk])).status_code == 200
    for page in (reverse("desk-study", args=[danas.pk]), reverse("desk-patient", args=[danas.patient.pk])):
        assert client.get(page).status_code == 404
