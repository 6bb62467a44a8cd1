"""The pages that say what went wrong, without saying anything of what was asked for (fault C23)."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from scanward.web.showing import authority_words


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001  Django's signature
    """Say that the form came from elsewhere or was open for too long (fault C12)."""
    return render(request, "errors/403.html", status=403)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001  Django's signature
    """Say that the request made no sense."""
    return render(request, "errors/400.html", status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001  Django's signature
    """Say that this is not theirs, in the words of "not found": the difference would tell something."""
    return render(request, "errors/404.html", status=404)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001  Django's signature
    """Say that there is nothing here for this person, or that her authority to act for somebody has ended."""
    if ended := getattr(request, "ended", None):
        return render(request, "errors/authority_ended.html", {"ended": authority_words(ended)}, status=404)
    return render(request, "errors/404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Say that the fault is ours."""
    return render(request, "errors/500.html", status=500)
