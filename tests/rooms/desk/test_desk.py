"""The desk's pages as people use them: an emergency, its review, who saw what, and why."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cast import ALICE, NOW, PASSWORD, PLACE, abdomen_of, actor, bring, person
from scanward.access.glass import break_glass
from scanward.archive.visible import worklist
from scanward.audit.kinds import EventKind
from scanward.audit.models import Entry
from scanward.oversight.models import ReviewTask
from scanward.people import actions
from scanward.people.kinds import GlassReason, Role
from scanward.people.models import Account

CLINICIAN = {"role": "treating_clinician"}
WORDS = "She is unconscious in the emergency room."


def inside(account):
    client = Client()
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def page(answer):
    return answer.content.decode()


def broken(client, patient, **typed):
    form = {"reason": "life_threatening", "words": WORDS} | typed
    return client.post(reverse("emergency", args=[patient.id]), form)


def test_a_clinician_finds_opens_and_closes_in_an_emergency(cast):
    """K8, fault C15."""
    dana, study = inside(cast.dana), reverse("study", args=[cast.abdomen.id])
    found = page(dana.post(reverse("find-patient"), {"number": "LH-100733"}))
    assert reverse("emergency", args=[cast.charlies.id]) in found
    assert dana.get(study).status_code == 404
    assert broken(dana, cast.charlies, words="").status_code == 422
    assert broken(dana, cast.charlies, reason="curiosity").status_code == 422
    assert dana.get(study).status_code == 404
    assert broken(dana, cast.charlies)["Location"] == reverse("desk-patient", args=[cast.charlies.id])
    opened = page(dana.get(study))
    assert "Emergency access to the record of Charlie Novak" in opened
    glass = cast.dana.broken_glass.get()
    assert dana.post(reverse("close-emergency", args=[glass.id])).status_code == 302
    assert dana.get(study).status_code == 404


def test_the_privacy_officer_reviews_what_was_opened(cast):
    """K9."""
    dana, priya = inside(cast.dana), inside(cast.priya)
    broken(dana, cast.charlies)
    dana.get(reverse("study", args=[cast.abdomen.id]))
    glass = cast.dana.broken_glass.get()
    address = reverse("review-glass", args=[glass.id])
    assert address in page(priya.get(reverse("reviews")))
    seen = page(priya.get(address))
    assert WORDS in seen
    assert "the record" in seen.lower()
    assert priya.post(address, {"words": "?"}).status_code == 200
    assert priya.post(address, {"justified": "no", "words": "He was not in the house."}).status_code == 302
    assert "He was not in the house." in page(priya.get(reverse("reviews")))


def test_an_officer_who_reads_the_ledger_on_a_review_is_in_it_herself(cast):
    """Fault E5: Audit Log Used, 110101, about the patient whose entries are shown."""
    now = timezone.now()
    glass = break_glass(
        cast.dana, cast.charlies, reason=GlassReason.LIFE_THREATENING, words=WORDS, place=PLACE, now=now
    )
    task = ReviewTask.objects.create(
        rule="night", account=cast.dana, fingerprint="x", count=1, first_seq=0, last_seq=1, opened_at=now, due_at=now
    )
    priya = inside(cast.priya)
    for address, about in (
        (reverse("review-glass", args=[glass.id]), str(cast.charlies.id)),
        (reverse("review-task", args=[task.id]), ""),
    ):
        assert priya.get(address).status_code == 200
        used = Entry.objects.filter(kind=EventKind.LEDGER_USED, actor_id=str(cast.priya.id)).latest("seq")
        assert (used.meaning.dicom.value, used.patient_id) == ("110101", about)


def test_who_saw_what_finds_the_look_and_becomes_an_entry_itself(cast):
    """Fault E5: Audit Log Used, 110101."""
    inside(cast.dana).get(reverse("study", args=[cast.chest.id]))
    priya, address = inside(cast.priya), reverse("who-saw-what")
    assert "Dana" in page(priya.post(address, {"patient": "LH-100482"}))
    used = Entry.objects.filter(kind=EventKind.LEDGER_USED, actor_id=str(cast.priya.id)).get()
    assert used.meaning.dicom.value == "110101"
    assert used.patient_id == str(cast.alices.id)
    for nobody in ({"patient": "LH-0"}, {"person": "no@example.org"}, {}):
        assert priya.post(address, nobody).status_code == 422
    today = timezone.localdate().isoformat()
    assert "Dana" in page(priya.post(address, {"person": "dana@example.org", "since": "2026-01-01", "until": today}))


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ({"person": "dana@example.org", "action": "view_images", "record": "LH-100482"}, "clinician-assigned"),
        ({"person": "bo@example.org", "action": "view_images", "record": "LH-100482"}, "no-rule"),
        (CLINICIAN | {"relation": "emergency", "action": "view_images", "record": "LH-100733"}, "emergency"),
        (CLINICIAN | {"relation": "assigned", "action": "view_report", "record": "LH-100733"}, "clinician-assigned"),
        ({"relation": "own", "action": "download", "record": "LH-100733"}, "patient-own"),
        ({"role": "administrator", "action": "manage_people"}, "people"),
        ({"role": "him_lead", "action": "view_study", "record": "LH-100733", "purpose": "HQUALIMP"}, "operations"),
    ],
)  # fmt: skip
def test_the_page_says_who_may_and_by_which_rule(cast, asked, answer):
    assert f"<code>{answer}</code>" in page(inside(cast.priya).post(reverse("explain-access"), asked))


def test_the_page_knows_studies_and_says_what_it_does_not_understand(cast):
    priya, address = inside(cast.priya), reverse("explain-access")
    asked = {"person": "ruth@example.org", "action": "view_images", "record": str(cast.chest.id)}
    assert "representative" in page(priya.post(address, asked))
    for wrong in (
        {"action": "fly"},
        asked | {"record": "LH-0"},
        asked | {"record": str(cast.alice.id)},
        asked | {"person": "x@y.z"},
    ):
        assert priya.post(address, wrong).status_code == 422


def test_billing_sees_the_bill_and_not_the_scan(cast):
    """K5, A5."""
    bo = inside(cast.bo)
    found = page(bo.post(reverse("find-patient"), {"family": "Rivera"}))
    address = reverse("desk-patient", args=[cast.alices.id])
    assert address in found
    seen = page(bo.get(address))
    assert "no images, no report" in seen
    assert "chest" not in seen.lower()
    assert bo.get(reverse("study", args=[cast.chest.id])).status_code == 404


def test_the_worklist_has_the_clinicians_patients_and_priors_stand_beside_a_study(cast):
    """A4, H8."""
    other = bring(abdomen_of(ALICE))
    assert set(worklist(cast.dana, now=NOW)) == {cast.chest, other}
    dana = inside(cast.dana)
    listed = page(dana.get(reverse("my-patients")))
    assert "Alice Rivera" in listed
    assert "Novak" not in listed
    assert reverse("study", args=[other.id]) in page(dana.get(reverse("study", args=[cast.chest.id])))


def test_one_administrator_invites_and_another_one_approves(cast):
    """K1."""
    sue = person("sue", password=PASSWORD)
    actions.assign_role(sue, Role.ADMINISTRATOR, by=None, actor=actions.ActorRef.system("t"), place=PLACE, now=NOW)
    first, second = inside(cast.sam), inside(sue)
    form = {"name": "Nina", "email": "nina@example.org", "role": "him_clerk"}
    assert first.post(reverse("invite"), form | {"email": "no"}).status_code == 422
    assert first.post(reverse("invite"), form).status_code == 302
    proposal = cast.sam.proposals.model.objects.get()
    address = reverse("decide-proposal", args=[proposal.id])
    first.post(address, {"approve": "yes"})
    assert not Account.objects.filter(email=form["email"]).exists()
    second.post(address, {"approve": "yes"})
    assert actor(Account.objects.get(email=form["email"]), now=timezone.now()).roles == {Role.HIM_CLERK}


def test_an_administrator_ends_a_role_and_closes_an_account(cast):
    sam = inside(cast.sam)
    address = reverse("change-person", args=[cast.hal.id])
    sam.post(address, {"deed": "end_role", "role": "him_clerk"})
    assert cast.hal.roles_at(timezone.now()) == frozenset()
    sam.post(address, {"deed": "reset", "reason": "called back"})
    assert cast.hal.proposals.count() == 1
    sam.post(address, {"deed": "close"})
    cast.hal.refresh_from_db()
    assert not cast.hal.is_active


def test_a_review_of_access_by_its_pages(cast):
    """K7."""
    priya = inside(cast.priya)
    address = priya.post(reverse("access-reviews"))["Location"]
    from scanward.oversight.models import AccessReviewLine

    AccessReviewLine.objects.filter(assignment__account=cast.priya).delete()
    for line in AccessReviewLine.objects.all():
        priya.post(address, {"line": line.pk, "keep": "yes"})
    assert priya.post(address, {"line": "x"}).status_code == 404
    priya.post(address, {"deed": "sign"})
    assert "Signed by Priya" in page(priya.get(address))
    assert address in page(priya.get(reverse("access-reviews")))
