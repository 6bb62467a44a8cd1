"""The house's forms on paper, for everybody: in English and Spanish, also in large print (B11, B12, B15, E8)."""

from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from io import BytesIO

from django.conf import settings
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from scanward.bundles.fillable import fillable
from scanward.bundles.language import Language
from scanward.bundles.letters import letter
from scanward.portal.words import delivery_choice, offered
from scanward.release import house


@dataclass(frozen=True, slots=True)
class File:
    """One form in one language and size; the name is its address."""

    name: str
    template: str
    language: Language
    large_print: bool
    label: str


def _files(name: str, template: str) -> tuple[File, ...]:
    labels = ("English", "English, large print", "Español", "Español, letra grande")
    kinds = [(language, large) for language in Language for large in (False, True)]
    return tuple(
        File(f"{name}-{language}{'-large' if large else ''}", template, language, large, label)
        for (language, large), label in zip(kinds, labels, strict=True)
    )


FORMS: tuple[tuple[str | Promise, str | Promise, tuple[File, ...]], ...] = (
    (
        _("A copy for yourself"),
        _("For your own scans, or of somebody for whom you act."),
        _files("access", "access_form"),
    ),
    (
        _("Permission for somebody else"),
        _("When a lawyer, an employer, a school, an insurance or anybody else asks for your records."),
        _files("authorization", "authorization"),
    ),
)
BY_NAME = {file.name: file for _title, _use, files in FORMS for file in files}


@require_safe
def forms(request: HttpRequest) -> HttpResponse:
    """List the forms, where to send them, and what copies cost."""
    sender, today = house.sender(), timezone.localdate()
    context = {
        "forms": [{"title": title, "use": use, "files": files} for title, use, files in FORMS],
        "where": [sender["facility"], sender["department"], *settings.FACILITY_ADDRESS],
        "ways": [delivery_choice(way, on=today) for way in offered(house.facility().kind)],
    }
    return render(request, "portal/forms.html", context)


@require_safe
def form_pdf(_request: HttpRequest, name: str) -> FileResponse:
    """Give a form as a tagged PDF, to type into or to print (B11)."""
    if name not in BY_NAME:
        raise Http404
    return FileResponse(
        BytesIO(_made(name, timezone.localdate())), filename=f"{name}.pdf", content_type="application/pdf"
    )


@lru_cache(maxsize=16)
def _made(name: str, on: date) -> bytes:
    """Typeset a form once a day."""
    file = BY_NAME[name]
    values = {"sender": house.sender(), "portal": settings.PUBLIC_ADDRESS, "fillable": True}
    return fillable(letter(file.template, values, file.language, file.large_print, on=on))
