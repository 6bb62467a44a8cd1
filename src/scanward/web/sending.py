"""Takes the files of a form as they come: who sends it is decided before the first byte is read."""

from collections.abc import Callable, Iterable, Iterator
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from scanward.archive.errors import VaultError
from scanward.intake import uploads
from scanward.intake.models import Upload
from scanward.people.models import Patient
from scanward.web.doors import SignedInRequest, place_of
from scanward.web.middleware import CsrfCheck
from scanward.web.multipart import BadMultipart, Part, boundary_of, parts

FIELD_BYTES = 4096
Chosen = Callable[[str], Patient]


class WrongForm(Exception):
    """The token did not come first, or is not the one of this session (fault C12)."""


def too_large(request: HttpRequest) -> HttpResponse | None:
    """Return the answer to a body that is not begun to be read: too large, of no length, or no room for it."""
    length = request.META.get("CONTENT_LENGTH") or ""
    if not length.isdigit():
        return render(request, "errors/400.html", status=400)
    if int(length) > settings.UPLOAD_MAX_BYTES:
        context = {"most": settings.UPLOAD_MAX_BYTES}
        return render(request, "errors/413.html", context, status=413)
    return None if uploads.has_room(int(length)) else no_room(request)


def no_room(request: HttpRequest) -> HttpResponse:
    """Say that the disk is full, and that nothing of it was kept."""
    return render(request, "errors/507.html", status=507)


def send(request: SignedInRequest, chosen: Chosen, *, by_staff: bool, again: str) -> HttpResponse:
    """Keep a form's files for the patient that it names, start the work, and lead to its page.

    `chosen` turns the field `patient` into somebody for whom this person may bring scans, or answers 404.
    """
    answer = too_large(request)
    if answer is not None:
        return answer
    try:
        upload = _received(request, chosen, by_staff=by_staff)
    except WrongForm:
        return render(request, "errors/403.html", status=403)
    except (BadMultipart, UnreadablePostError):
        return render(request, "errors/400.html", status=400)
    except VaultError as error:
        return no_room(request) if error.reason == uploads.FULL else render(request, "errors/500.html", status=500)
    if not upload.files:
        return render(request, again, {"missing": _("Choose at least one file."), **_names(upload)}, status=422)
    uploads.start(upload)
    return redirect("brought", upload.id)


def _names(upload: Upload) -> dict[str, object]:
    return {"patients": [upload.patient], "patient": upload.patient, "most": settings.UPLOAD_MAX_BYTES}


def _received(request: SignedInRequest, chosen: Chosen, *, by_staff: bool) -> Upload:
    """Read the form: token, patient, then the files, each straight into the spool."""
    media_type, _kind, boundary = boundary_of(request.headers.get("Content-Type", ""))
    if media_type != "multipart/form-data" or not boundary:
        raise BadMultipart("This is no form with files.")
    found = parts(request.read, boundary)
    _check(request, _field(next(found, None), "csrfmiddlewaretoken"))
    patient = chosen(_field(next(found, None), "patient"))
    upload = uploads.new(request.user, patient, by_staff=by_staff, place=place_of(request), now=request.now)
    uploads.keep(_files(found), upload)
    return upload


def _files(found: Iterable[Part]) -> Iterator[tuple[str, Iterable[bytes]]]:
    """Yield the files; a field that was left empty comes without a name."""
    for part in found:
        if part.filename:
            yield part.filename, part.chunks


def _field(part: Part | None, name: str) -> str:
    """Return the value of the field that has to come next; nothing if another comes."""
    if part is None or part.field != name or part.filename is not None:
        return ""
    value = b""
    for chunk in part.chunks:
        value += chunk
        if len(value) > FIELD_BYTES:
            raise BadMultipart("A field is too long.")
    return value.decode("utf-8", "replace")


def _check(request: HttpRequest, token: str) -> None:
    """Run the house's check with the token that was read: the body is not Django's to read any more.

    Raises:
        WrongForm: it is not of this session's pages.
    """
    request.META[settings.CSRF_HEADER_NAME] = token
    if CsrfCheck(lambda _request: HttpResponse()).process_view(request, _checked, (), {}) is not None:
        raise WrongForm


def _checked(_request: HttpRequest) -> HttpResponse:
    """Stand for a page that is not exempt."""
    return HttpResponse()


def as_id(value: str) -> UUID | None:
    """Return the id that a field names; None if it is none."""
    try:
        return UUID(value)
    except ValueError:
        return None
