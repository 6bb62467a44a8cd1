"""Sends something of known size, whole or in part (RFC 9110 section 14), so that a broken download goes on."""

import re

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from scanward.release.packages import Download
from scanward.web.damage import begun

RANGE = re.compile(r"bytes=(\d{1,19})-(\d{0,19})")
SUFFIX = re.compile(r"bytes=-(\d{1,19})")


def ranged(
    request: HttpRequest, sent: Download, *, name: str, content_type: str
) -> HttpResponse | StreamingHttpResponse:
    """Answer with all of it, with the part that was asked for, or with 416."""
    wanted = _wanted(request, sent)
    if wanted is None:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{sent.size}"})
    start, stop = wanted
    part = (start, stop) != (0, sent.size)
    pieces = begun(request, sent.iterate(start, stop))
    response = StreamingHttpResponse(pieces, status=206 if part else 200, content_type=content_type)
    response.headers["Content-Length"] = str(stop - start)
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["ETag"] = f'"{sent.tag}"'
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    if part:
        response.headers["Content-Range"] = f"bytes {start}-{stop - 1}/{sent.size}"
    return response


def _wanted(request: HttpRequest, sent: Download) -> tuple[int, int] | None:
    """Return the first byte and the one behind the last; None if the range lies outside."""
    asked = request.headers.get("Range", "")
    known = request.headers.get("If-Range")
    if not asked or (known is not None and known.strip('"') != sent.tag):
        return 0, sent.size
    if found := SUFFIX.fullmatch(asked):
        length = min(int(found[1]), sent.size)
        return (sent.size - length, sent.size) if length else None
    found = RANGE.fullmatch(asked)
    if not found:
        return 0, sent.size
    start, last = int(found[1]), int(found[2]) if found[2] else sent.size - 1
    return (start, min(last, sent.size - 1) + 1) if start < sent.size and start <= last else None
