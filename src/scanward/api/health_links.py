"""SMART Health Links for apps (HL7 STU 1): the manifest by POST, its files, and the one file of a direct link.

An app comes without a session and from any origin, so these answers carry no cookie and ask for none. The address has
the link's secret in it, as the specification wants; the key that opens the files is never sent here.
"""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt

from scanward.release import health_links
from scanward.release.models import SealedFile
from scanward.release.sharing import LinkRefused
from scanward.web.doors import place_of

MOST_BODY = 8 * 1024
JOSE = "application/jose"
# What a long-term link need not be asked again for: its files are final.
ASK_AGAIN_SECONDS = 86400
View = Callable[..., HttpResponse]


def for_apps(*methods: str) -> Callable[[View], View]:
    """Let apps of any origin call by these methods, and answer their browsers' preflight."""

    def made(view: View) -> View:
        @csrf_exempt
        @wraps(view)
        def door(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if request.method == "OPTIONS":
                answer = HttpResponse(status=204)
            elif request.method in methods:
                answer = view(request, *args, **kwargs)
            else:
                answer = HttpResponse(status=405)
            answer["Allow"] = answer["Access-Control-Allow-Methods"] = ", ".join((*methods, "OPTIONS"))
            answer["Access-Control-Allow-Origin"] = "*"
            answer["Access-Control-Allow-Headers"] = "Content-Type"
            answer["Cross-Origin-Resource-Policy"] = "cross-origin"
            return answer

        return door

    return made


@for_apps("POST", "GET")
def link(request: HttpRequest, secret: str) -> HttpResponse:
    """Answer with the manifest (POST), or with the one file of a direct link (GET); anything else uses nothing up."""
    try:
        return _manifest(request, secret) if request.method == "POST" else _direct(request, secret)
    except LinkRefused as refused:
        return _no(refused)


@for_apps("GET")
def file(request: HttpRequest, ticket: str) -> HttpResponse:
    """Send one encrypted file, for ten minutes after the manifest."""
    try:
        found = health_links.fetch(ticket, now=timezone.now(), place=place_of(request))
    except LinkRefused as refused:
        return _no(refused)
    return HttpResponse(found.jwe, content_type=JOSE)


def _manifest(request: HttpRequest, secret: str) -> HttpResponse:
    asked = _asked(request)
    if isinstance(asked, HttpResponse):
        return asked
    recipient, passcode, most = asked
    now, place = timezone.now(), place_of(request)
    opened = health_links.open_manifest(secret, recipient=recipient, passcode=passcode, now=now, place=place)
    files = [_listed(request, opened, each, most) for each in opened.files]
    answer = JsonResponse({"files": files})
    if opened.visit.share.max_uses > 1:
        answer["Retry-After"] = str(ASK_AGAIN_SECONDS)
    return answer


def _direct(request: HttpRequest, secret: str) -> HttpResponse:
    recipient = request.GET.get("recipient", "").strip()
    if not recipient:
        return _wrong("Say in `recipient` who opens the link.")
    now, place = timezone.now(), place_of(request)
    opened = health_links.open_direct(secret, recipient=recipient[:200], now=now, place=place)
    return HttpResponse(opened.files[0].jwe, content_type=JOSE)


def _asked(request: HttpRequest) -> tuple[str, str, int | None] | HttpResponse:
    """Read recipient, passcode and the longest file that may be embedded."""
    if request.content_type != "application/json" or len(request.body) > MOST_BODY:
        return _wrong("Send a small JSON object as application/json.")
    try:
        body = json.loads(request.body)
    except (ValueError, RecursionError):
        return _wrong("The body is not JSON.")
    if not isinstance(body, dict):
        return _wrong("The body is not a JSON object.")
    recipient, passcode, most = body.get("recipient"), body.get("passcode", ""), body.get("embeddedLengthMax")
    if not isinstance(recipient, str) or not recipient.strip():
        return _wrong("Say in `recipient` who opens the link.")
    if not isinstance(passcode, str) or not (most is None or type(most) is int):
        return _wrong("`passcode` is a text, and `embeddedLengthMax` a whole number.")
    return recipient.strip()[:200], passcode[:200], most


def _listed(request: HttpRequest, opened: health_links.Opened, found: SealedFile, most: int | None) -> dict[str, str]:
    """Describe one file: embedded, or where to fetch it if it is longer than the app takes."""
    listed = {
        "contentType": found.content_type,
        "lastUpdated": found.made_at.isoformat(timespec="seconds"),
        "status": "finalized",
        "fhirVersion": "4.0.1",
    }
    if most is None or len(found.jwe) <= most:
        return listed | {"embedded": found.jwe}
    where = reverse("health-link-file", args=[health_links.ticket(opened.visit, found)])
    return listed | {"location": request.build_absolute_uri(where)}


def _no(refused: LinkRefused) -> HttpResponse:
    """401 with the tries that are left, 429 for who tries too often; everything else is not there."""
    if refused.slow_down:
        answer = JsonResponse({"error": "Too many tries from here. Wait a quarter of an hour."}, status=429)
        answer["Retry-After"] = "900"
        return answer
    if refused.tries_left is not None:
        return JsonResponse({"remainingAttempts": refused.tries_left}, status=401)
    return JsonResponse({"error": "This link can't be opened."}, status=404)


def _wrong(sentence: str) -> HttpResponse:
    return JsonResponse({"error": sentence}, status=400)
