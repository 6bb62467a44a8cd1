"""Where a person was who asked for work that a worker does later, as the ledger keeps it."""

from typing import Any

from django.utils import translation

from scanward.audit.event import Place
from scanward.audit.kinds import Channel


def noted(place: Place) -> dict[str, Any]:
    """Return a place, and the language that is spoken there, as a row keeps them."""
    where = {"address": place.address, "agent": place.agent, "channel": place.channel, "session": place.session}
    return where | {"language": translation.get_language() or "en"}


def place_of(where: dict[str, Any]) -> Place:
    """Return the place that a row keeps."""
    return Place(where["address"], where["agent"], Channel(where["channel"]), where["session"])
