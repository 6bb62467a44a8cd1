"""What the browser's viewer needs to know about a study (docs/reference/viewer-data.md)."""

from collections.abc import Sequence
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from scanward.archive import facts
from scanward.archive.models import Instance, Series, Study
from scanward.dicom.geometry import FrameGeometry, frame_geometry
from scanward.web.showing import title

COLOUR_SAMPLES = 3
STACK = 3
Values = dict[str, Any]


def study_json(study: Study, *, base: str, series: Sequence[str] = ()) -> Values:
    """Return the study's series and frames; values that all frames of a series share are said once."""
    found = Instance.objects.filter(series__study=study, frames__gt=0).select_related("series")
    # A link may show some of the series only.
    found = found.filter(series_id__in=series) if series else found
    by_series: dict[Series, list[Instance]] = {}
    for instance in found.order_by("series__number", "series_id", "number", "sop_instance_uid"):
        by_series.setdefault(instance.series, []).append(instance)
    # The viewer opens the first one: a stack of slices, rather than a scout or a screenshot.
    ordered = sorted(by_series.items(), key=lambda item: sum(instance.frames for instance in item[1]) < STACK)
    date = date_format(study.performed_at, "DATE_FORMAT") if study.performed_at else ""
    return {
        "version": 1,
        "study": {"label": title(study), "date": date},
        "series": [_series(series, instances, base) for series, instances in ordered],
    }


def _series(series: Series, instances: Sequence[Instance], base: str) -> Values:
    """Return one series; frames lie in the order of their place in the body, where the files say it."""
    frames = _ordered([frame for instance in instances for frame in _frames(instance)])
    names = [values.pop("name") for values in frames]
    shared = {key: value for key, value in (frames[0] if frames else {}).items() if _same(frames, key, value)}
    varying = [key for key in (frames[0] if frames else {}) if key not in shared]
    return {
        "id": str(series.id),
        "label": series.description or _("Series {number}").format(number=series.number or ""),
        "modality": series.modality,
        "base": base,
        "frames": names,
        "shared": shared,
        "each": {key: [values[key] for values in frames] for key in varying},
    }


def _same(frames: Sequence[Values], key: str, value: Any) -> bool:
    """Return whether all frames have this value."""
    return all(values[key] == value for values in frames)


def _frames(instance: Instance) -> list[Values]:
    """Return the values of each frame of an instance."""
    header = instance.dicom_json
    geometry = frame_geometry(header)
    shape = _shape(header)
    missing = geometry[:1] * (instance.frames - len(geometry))
    return [
        {
            "name": f"{instance.id}/{index}",
            **shape,
            **_place(place),
            "frameOfReference": facts.text(header, "00200052", 64),
        }
        for index, place in enumerate((geometry + missing)[: instance.frames])
    ]


def _shape(header: facts.Header) -> Values:
    """Return size and type of the pixels as they are sent: colour is sent as 8-bit RGB."""
    number = facts.whole_number
    photometric = facts.text(header, "00280004", 16)
    colour = (number(header, "00280002") or 1) == COLOUR_SAMPLES or photometric == "PALETTE COLOR"
    return {
        "rows": number(header, "00280010"),
        "columns": number(header, "00280011"),
        "bitsAllocated": 8 if colour else max(8, number(header, "00280100") or 16),
        "signed": not colour and number(header, "00280103") == 1,
        "samplesPerPixel": COLOUR_SAMPLES if colour else 1,
        "photometric": "RGB" if colour else photometric,
    }


def _place(place: FrameGeometry) -> Values:
    """Return where the frame lies, and how it is to be looked at."""
    window = place.windows[0] if place.windows else None
    return {
        "slope": place.slope,
        "intercept": place.intercept,
        "windowCenter": window.centre if window else None,
        "windowWidth": window.width if window else None,
        "pixelSpacing": place.spacing,
        "imagePosition": place.position,
        "imageOrientation": place.orientation,
        "sliceThickness": place.thickness,
    }


def _ordered(frames: list[Values]) -> list[Values]:
    """Sort frames along the normal of their common orientation; leave them as numbered where there is none."""
    first = frames[0]["imageOrientation"] if frames else None
    if not first or not all(values["imageOrientation"] == first and values["imagePosition"] for values in frames):
        return frames
    row, column = first[:3], first[3:]
    normal = (
        row[1] * column[2] - row[2] * column[1],
        row[2] * column[0] - row[0] * column[2],
        row[0] * column[1] - row[1] * column[0],
    )
    return sorted(frames, key=lambda values: sum(a * b for a, b in zip(normal, values["imagePosition"], strict=True)))
