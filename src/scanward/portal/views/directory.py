"""The way to the house's directory and back, for staff (OpenID Connect); whom it lets in: people/directory.py."""

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET, require_POST
from requests import RequestException  # noqa: TID251  what allauth raises; nothing is asked here

from scanward.people.directory import PROVIDER
from scanward.people.provider import DirectoryProtocol


@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """Lead to the directory, by a page of our own: our policy lets no form of ours lead to another house."""
    _is_there()
    try:
        answer = get_adapter(request).get_provider(request, PROVIDER).redirect_from_request(request)
    except (RequestException, ValueError, KeyError):
        return render(request, "account/directory_silent.html", status=503)
    return render(request, "account/directory_going.html", {"address": answer["Location"]})


@require_GET
def back(request: HttpRequest) -> HttpResponse:
    """Take who comes back from there; allauth checks what she brings along."""
    _is_there()
    try:
        answer: HttpResponse = OAuth2CallbackView.adapter_view(DirectoryProtocol(request, PROVIDER))(request)
    except (RequestException, ValueError, KeyError):
        return render(request, "account/directory_silent.html", status=503)
    return answer


def _is_there() -> None:
    """Answer 404 where the house has no directory."""
    if not settings.OIDC_ISSUER:
        raise Http404
