"""Whose request it is behind the house's own proxy, and the headers that every answer carries."""

import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware

# 'wasm-unsafe-eval' and blob workers are what the viewer needs; nothing inline runs anywhere.
POLICY = "; ".join(
    [
        "default-src 'none'",
        "script-src 'self' 'wasm-unsafe-eval'",
        "worker-src 'self' blob:",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    ]
)


class BehindProxy:
    """Knows people by their own address where the house's own proxy stands in front (`SCANWARD_TRUSTED_PROXIES`).

    Else all would come from one network: the ledger could not tell them apart, and whoever guesses passwords would
    lock everybody out (fault C13). From anybody but these proxies the header is not believed.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Put the address in its place."""
        peer, told = request.META.get("REMOTE_ADDR", ""), request.META.get("HTTP_X_FORWARDED_FOR", "")
        request.META["REMOTE_ADDR"] = client_address(peer, told)
        return self.get_response(request)


def client_address(peer: str, forwarded: str) -> str:
    """Return the address of whoever spoke to the first of the proxies that are ours; what lies before it is hearsay."""
    for told in [peer, *(part.strip() for part in reversed(forwarded.split(",")))]:
        try:
            address = ipaddress.ip_address(told)
        except ValueError:
            return peer
        if not any(address in ipaddress.ip_network(proxy, strict=False) for proxy in settings.TRUSTED_PROXIES):
            return told
    return peer


class SecurityHeaders:
    """Strict CSP everywhere, and nothing that the browser may keep (`no-store`) but static files."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        """Add the headers; a page may only make the policy stricter."""
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", POLICY)
        response.headers.setdefault("Permissions-Policy", "camera=(), microphone=(), geolocation=()")
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        if not request.path.startswith("/static/"):
            response.headers["Cache-Control"] = "no-store"
        return response


class CsrfCheck(CsrfViewMiddleware):
    """Django's check, which understands what browsers send under `Referrer-Policy: no-referrer`.

    They then say `Origin: null` even of our own forms. Such a form passes only if the browser itself adds that it
    came from this site (`Sec-Fetch-Site`, which no page can set); the token is asked for as ever (fault C12).
    """

    def _origin_verified(self, request: HttpRequest) -> bool:
        """Return whether the form came from our own pages."""
        if request.headers.get("Origin") == "null":
            return request.headers.get("Sec-Fetch-Site") == "same-origin"
        return bool(super()._origin_verified(request))  # type: ignore[misc]  # the stubs leave it out
