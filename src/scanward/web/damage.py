"""What people and apps are told when something stored can't be read: never half of it as if it were whole."""

import logging
from collections.abc import Callable, Iterator

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from scanward.access.actors import reference
from scanward.archive import damage
from scanward.archive.damage import Damaged
from scanward.archive.errors import VaultError
from scanward.audit.event import ActorRef
from scanward.web.doors import gone, place_of

RETRY_SECONDS = "120"
log = logging.getLogger(__name__)


class DamageMet:
    """Answers for a page that met damage before its first byte (faults D4, D5)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Nothing is added to what went well."""
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Say that it is damaged, that it was taken away meanwhile, or that the disk does not answer now."""
        if not isinstance(error, VaultError):
            return None
        if not isinstance(error, Damaged):
            log.error("The vault could not be read: %s", error.reason.value)
            return _later(request)
        if error.gone():
            return gone(request)
        tell(request, error)
        return _damaged(request)


def begun(request: HttpRequest, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Make the first piece now, while there is still time for a page; what breaks later cuts the connection short.

    Raises:
        VaultError: nothing was sent yet.
    """
    return _rest(request, next(pieces, b""), pieces)


def _rest(request: HttpRequest, first: bytes, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Send the rest; damage on the way is written down, and then nothing more is sent."""
    try:
        yield first
        yield from pieces
    except Damaged as error:
        if not error.gone():
            tell(request, error)
        raise


def tell(request: HttpRequest, error: Damaged) -> None:
    """Write down what this request found."""
    log.error("Something stored is damaged (%s). `scanward vault scrub` says what else is.", error.reason.value)
    actor = getattr(request, "actor", None)
    who = reference(actor) if actor else ActorRef.nobody()
    damage.tell(error, actor=who, place=place_of(request), now=timezone.now())


def _damaged(request: HttpRequest) -> HttpResponse:
    """Say that trying again does not help, and what does."""
    if not _by_people(request):
        return JsonResponse({"error": _("What is stored here is damaged, so it is not sent.")}, status=500)
    return render(request, "errors/damaged.html", status=500)


def _later(request: HttpRequest) -> HttpResponse:
    """Say that it may work in a few minutes."""
    if _by_people(request):
        answer = render(request, "errors/500.html", status=503)
    else:
        answer = JsonResponse({"error": _("The storage does not answer. Try again in a few minutes.")}, status=503)
    answer.headers["Retry-After"] = RETRY_SECONDS
    return answer


def _by_people(request: HttpRequest) -> bool:
    """Return whether a browser asks for a page; the viewer and apps ask for anything, or for JSON."""
    return "text/html" in request.headers.get("Accept", "text/html") and not request.path.startswith("/shl/")
