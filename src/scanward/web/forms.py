"""Reading a form, and saying why something was not done."""

from collections.abc import Callable
from datetime import date
from enum import StrEnum
from typing import TypeVar

from django.contrib import messages
from django.http import Http404, HttpRequest
from django.utils.translation import gettext

from scanward.access.actions import AccessRefused
from scanward.law.errors import Unlawful
from scanward.people.actions import NotAllowed
from scanward.release.machine import NotNow

Kind = TypeVar("Kind", bound=StrEnum)
MOST_TYPED = 2000


def typed(request: HttpRequest, name: str) -> str:
    """Return what was typed into a field, without the spaces around it and NUL (no database takes it)."""
    return request.POST.get(name, "")[:MOST_TYPED].replace("\x00", "").strip()


def day(request: HttpRequest, name: str) -> date | None:
    """Return a day that was typed; None if it is none."""
    try:
        return date.fromisoformat(typed(request, name))
    except ValueError:
        return None


def chosen(request: HttpRequest, name: str, kinds: type[Kind]) -> Kind | None:
    """Return the choice; None if it is not one of them."""
    value = typed(request, name)
    return kinds(value) if value in list(kinds) else None


def done(request: HttpRequest, deed: Callable[[], object], said: object) -> bool:
    """Do something and say so (None: silently); say why if it is not allowed; 404 if it is nothing for this person."""
    try:
        deed()
    except NotAllowed as why:
        messages.error(request, gettext(str(why)))
        return False
    except Unlawful as why:
        messages.error(request, gettext(why.sentence))
        return False
    except NotNow as why:
        # Each thing that is missing is a sentence of its own, also in Spanish.
        messages.error(request, " ".join(gettext(need.value) for need in why.needs) or gettext(str(why)))
        return False
    except AccessRefused:
        raise Http404 from None
    if said is not None:
        messages.success(request, str(said))
    return True
