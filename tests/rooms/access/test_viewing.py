"""Who looked at which series, and at how many images: one entry when it is opened, and then counts (L1)."""

from datetime import timedelta

from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cast import NOW, PLACE, actor
from scanward.access.actions import authorize
from scanward.access.kinds import Action, RecordFacts
from scanward.access.viewing import flush, note_view
from scanward.archive.models import Instance
from scanward.audit.kinds import Channel, EventKind, SubjectKind
from scanward.audit.models import Entry
from scanward.law.purpose import PurposeOfUse
from scanward.release.holds import context_for
from scanward.release.sharing import Wish, create


def granted(cast, *, now=NOW):
    record = RecordFacts(cast.alices.id, cast.chest.id)
    who, purpose = actor(cast.dana, now=now), PurposeOfUse.TREATMENT
    return authorize(who, Action.VIEW_IMAGES, record, purpose, now=now, place=PLACE, told=True)


# Views that other tests of this process have not had counted yet are not this test's.
KINDS = (EventKind.IMAGES_OPENED, EventKind.IMAGES_VIEWED)


def looked(series):
    return list(Entry.objects.filter(kind__in=KINDS, subject_id=series).order_by("seq"))


def test_a_series_is_told_when_it_is_opened_and_its_images_are_counted(cast):
    """L1: who, whose, which series, what for; and no row for each of the images."""
    series = str(cast.chest.series.first().id)
    grant = granted(cast)
    for number in (1, 2, 2, 3):
        note_view(grant, series, f"frame-{number}", now=NOW, place=PLACE)
    (opened,) = looked(series)
    assert (opened.actor_id, opened.patient_id, opened.subject.id) == (str(cast.dana.id), str(cast.alices.id), series)
    assert opened.subject.kind is SubjectKind.SERIES
    assert opened.purpose is PurposeOfUse.TREATMENT
    flush(now=NOW + timedelta(seconds=1))
    counted = looked(series)[-1]
    assert (counted.detail["images"], counted.detail["served"]) == (3, 4)
    flush(now=NOW + timedelta(seconds=2))
    assert len(looked(series)) == 2


def test_the_way_by_which_somebody_came_is_in_each_entry(cast):
    """L2: archive, portal, viewer, desk and the holder of a link; PACS and DICOMweb are asked in their own rooms."""
    first = Entry.objects.order_by("-seq").first().seq
    stored = Entry.objects.filter(kind=EventKind.OBJECTS_STORED).first()
    image = Instance.objects.filter(series__study=cast.chest, frames__gt=0).first()
    alice, dana, guest = Client(), Client(), Client()
    for client, account in ((alice, cast.alice), (dana, cast.dana)):
        client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    assert alice.get(reverse("study", args=[cast.chest.id])).status_code == 200
    assert alice.get(reverse("frame", args=[cast.chest.id, image.id, 0])).status_code == 200
    assert dana.post(reverse("find-patient"), {"number": "LH-100482"}).status_code == 200
    wish = Wish(recipient_name="Dr. Okoye", studies=[cast.chest], expires_at=timezone.now() + timedelta(days=2))
    made = create(wish, by=cast.alice, now=timezone.now(), place=PLACE)
    guest.post(reverse("shared"), {"code": made.secret, "visitor": "Dr. Okoye"})
    assert guest.get(reverse("shared-study", args=[cast.chest.id])).status_code == 200
    assert guest.get(reverse("shared-frame", args=[cast.chest.id, image.id, 0])).status_code == 200
    flush(now=timezone.now())
    ways = {(entry.kind, entry.place.channel) for entry in Entry.objects.filter(seq__gt=first)}
    assert stored.place.channel is Channel.COMMAND
    assert ways >= {
        (EventKind.REPORT_VIEWED, Channel.PORTAL),
        (EventKind.IMAGES_OPENED, Channel.PORTAL),
        (EventKind.RECORDS_SEARCHED, Channel.DESK),
        (EventKind.RECORD_OPENED, Channel.LINK),
        (EventKind.IMAGES_OPENED, Channel.LINK),
    }


def test_what_a_decision_knows_of_a_person_costs_four_questions_of_the_database(cast, django_assert_num_queries):
    """Roles, own record, authorities, emergencies; with the patients and labels of those who represent."""
    with django_assert_num_queries(4):
        actor(cast.dana)
    with django_assert_num_queries(3 + 2):
        actor(cast.ruth)


def test_an_image_of_a_patient_asks_for_denials_and_not_for_holds_of_the_report(cast, django_assert_num_queries):
    """T8: a state's hold keeps back the report alone, so each frame is spared the question."""
    alice = actor(cast.alice)
    with django_assert_num_queries(1):
        context_for(alice, cast.chest, now=NOW, action=Action.VIEW_IMAGES)
