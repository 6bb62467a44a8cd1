"""What is taken back is gone within five seconds: the open page, the viewer's pictures, the copy that is on its way.

Each of the four: a role, a relation of care, a session, an authority to act for somebody.
"""

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cast import BY, PLACE
from scanward.access.actions import AccessRefused
from scanward.access.care import let_go
from scanward.archive.models import Instance
from scanward.people.models import Account
from scanward.people.representing import end_representation
from scanward.people.sessions import end_sessions
from scanward.people.staff import end_role
from scanward.release import contents
from scanward.release.packages import PackageEnded

WITHIN_SECONDS = 5.0


def role(cast) -> None:
    end_role(cast.dana.assignments.get(), by=cast.sam, place=PLACE, now=timezone.now())


def relation(cast) -> None:
    held = cast.dana.care_relations.get(patient=cast.alices)
    let_go(held, by=cast.hal, place=PLACE, now=timezone.now())


def session(cast) -> None:
    end_sessions(cast.alice, but=None, actor=BY, place=PLACE, now=timezone.now())


def representation(cast) -> None:
    end_representation(cast.authority, actor=BY, place=PLACE, now=timezone.now())


REVOKED: list[tuple[str, Callable[..., None]]] = [
    ("dana", role),
    ("dana", relation),
    ("alice", session),
    ("ruth", representation),
]
each = pytest.mark.parametrize(("who", "take_back"), REVOKED, ids=lambda one: getattr(one, "__name__", one))


def inside(account: Account) -> Client:
    client = Client()
    client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
    client.get(reverse("security"))
    return client


def seen(client: Client, address: str) -> bool:
    """Whether it is shown; if not, as if it were not there, or with the door to sign in."""
    answer = client.get(address)
    assert answer.status_code in (200, 302, 404)
    return answer.status_code == 200


@each
def test_the_open_page_and_the_viewers_pictures_end_at_the_next_request(cast, who, take_back):
    """I10, K1, A3, fault C14: role, relation, session, representation."""
    client = inside(cast.everybody()[who])
    image = Instance.objects.filter(series__study=cast.chest, frames__gt=0).first()
    addresses = [
        reverse("study", args=[cast.chest.id]),
        reverse("viewer-data", args=[cast.chest.id]),
        reverse("frame", args=[cast.chest.id, image.id, 0]),
        reverse("report-pdf", args=[cast.chest.id]),
    ]
    assert all(seen(client, address) for address in addresses)
    take_back(cast)
    assert not any(seen(client, address) for address in addresses)


@each
def test_a_copy_that_is_on_its_way_is_cut(cast, monkeypatch, who, take_back):
    """D9, I10, fault C14: the stream asks again while it runs."""
    assert contents.ASK_AGAIN_SECONDS < WITHIN_SECONDS
    monkeypatch.setattr(contents, "ASK_AGAIN_SECONDS", 0.0)
    client = inside(cast.everybody()[who])
    made = client.post(reverse("download", args=[cast.chest.id]))["Location"]
    whole = b"".join(client.get(made).streaming_content)
    running = iter(client.get(made).streaming_content)
    arrived = [next(running)]
    take_back(cast)
    with pytest.raises((AccessRefused, PackageEnded)):
        arrived.extend(running)
    assert sum(map(len, arrived)) < len(whole)
    assert client.get(made).status_code in (302, 404, 410)


def test_a_page_that_only_stands_there_learns_that_its_session_has_ended(cast):
    """I10, K4: the page asks by itself how long is left, and is told that nothing is."""
    client = inside(cast.alice)
    assert client.get(reverse("session-left")).json()["seconds"] > 0
    session(cast)
    assert client.get(reverse("session-left")).json() == {"seconds": 0}
