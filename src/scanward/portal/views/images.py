"""Images for the browser's viewer: raw pixels, decoded here, one frame at a time."""

from collections.abc import Sequence
from uuid import UUID

import numpy as np
from django.http import Http404, HttpResponse, JsonResponse
from django.views.decorators.http import require_GET, require_safe

from scanward.access.kinds import Action, Grant
from scanward.access.viewing import note_view
from scanward.archive import reading
from scanward.archive.models import Instance, Study
from scanward.dicom.errors import RefusalReason, Refused
from scanward.dicom.frames import Frame, frame, picture
from scanward.portal import viewer_data
from scanward.web.doors import SignedInRequest, allowed, here, place_of, signed_in, study_or_404

GREY = ("MONOCHROME1", "MONOCHROME2")


@require_safe
@signed_in
def viewer_json(request: SignedInRequest, study_id: UUID) -> JsonResponse:
    """Tell the viewer which series and frames there are."""
    study = study_or_404(study_id)
    allowed(request, Action.VIEW_IMAGES, study, told=True)
    return JsonResponse(viewer_data.study_json(study, base=f"{here(request, 'study', study.id)}images/"))


@require_GET
@signed_in
def frame_pixels(request: SignedInRequest, study_id: UUID, instance_id: UUID, index: int) -> HttpResponse:
    """Send one frame's stored values, little endian, row by row; colour as 8-bit RGB.

    Each frame is decided upon anew, so a right that ends, ends the pictures. The ledger has one entry when a series
    is opened, and counts after that (`access.viewing`).
    """
    study = study_or_404(study_id)
    grant = allowed(request, Action.VIEW_IMAGES, study, told=True)
    return pixels(request, grant, study, instance_id, index)


def pixels(
    request: SignedInRequest,
    grant: Grant,
    study: Study,
    instance_id: UUID,
    index: int,
    *,
    series: Sequence[str] = (),
) -> HttpResponse:
    """Send a frame against a grant; `series` narrows to what a link shows."""
    # The instance is looked up inside this study only (fault C2).
    instance = Instance.objects.select_related("series__study").filter(pk=instance_id, series__study=study).first()
    if instance is None or not 0 <= index < instance.frames or (series and str(instance.series_id) not in series):
        raise Http404
    note_view(grant, str(instance.series_id), f"{instance.id}/{index}", now=request.now, place=place_of(request))
    try:
        with reading.open(grant, instance, now=request.now) as stream:
            decoded = frame(stream.read(), index)
            return HttpResponse(_sent(decoded), content_type="application/octet-stream")
    except Refused as refused:
        # 422: the file is here and may be downloaded, but this picture can't be shown.
        status = 404 if refused.reason is RefusalReason.NO_SUCH_FRAME else 422
        return HttpResponse(str(refused.reason.sentence), status=status, content_type="text/plain")


def _sent(decoded: Frame) -> bytes:
    """Return the bytes as the viewer's description of the frame announces them."""
    if decoded.photometric not in GREY:
        return picture(decoded).tobytes()
    values = decoded.pixels
    if values.dtype.kind == "f":
        values = values.astype(np.float32)
    return values.astype(values.dtype.newbyteorder("<"), copy=False).tobytes()
