"""The headers that every answer carries."""

from collections.abc import Callable

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
