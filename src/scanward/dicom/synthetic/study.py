"""Whole studies: one person, every series cut from it, and a report written from what was put in."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

import numpy as np

from scanward.dicom.synthetic import capture, dose, images
from scanward.dicom.synthetic.abdomen import Abdomen
from scanward.dicom.synthetic.brain import LACUNE, LACUNE_MM
from scanward.dicom.synthetic.chest import Chest
from scanward.dicom.synthetic.head import Head
from scanward.dicom.synthetic.model import (
    SeriesKind,
    SyntheticFile,
    SyntheticFinding,
    SyntheticPatient,
    SyntheticStudy,
    TransferSyntax,
)
from scanward.dicom.synthetic.objects import Order, SeriesHead
from scanward.dicom.synthetic.reports import TITLES, Prior, report
from scanward.dicom.synthetic.scanner import (
    SETTINGS,
    Hounsfield,
    Kind,
    Person,
    default_spacing,
    expose,
    grid,
    scan,
    slabs,
)
from scanward.dicom.synthetic.shapes import Grid, Point
from scanward.dicom.synthetic.texture import Dice

PERFORMED = datetime(2026, 3, 2, 10, 15)  # noqa: DTZ001 - DICOM dates of a scanner are local and carry no zone
EVERY_SERIES = tuple(SeriesKind)
_SHARP = {Kind.HEAD: "BONE", Kind.CHEST: "LUNG", Kind.ABDOMEN: "BONE"}


@dataclass(frozen=True)
class Plan:
    """Everything that a study is made from."""

    order: Order
    who: Person
    where: Grid
    exposure: tuple[object, ...]
    series: frozenset[SeriesKind]

    def head(self, kind: SeriesKind) -> SeriesHead:
        """Number, name and modality of a series."""
        number, words, modality = {
            SeriesKind.SCOUT: (1, "SCOUT", "CT"),
            SeriesKind.SOFT: (2, "AXIAL SOFT TISSUE", "CT"),
            SeriesKind.SHARP: (3, f"AXIAL {_SHARP[self.order.kind]}", "CT"),
            SeriesKind.CORONAL: (4, "CORONAL REFORMAT", "CT"),
            SeriesKind.DOSE_SCREEN: (501, "PATIENT PROTOCOL", "OT"),
            SeriesKind.DOSE_REPORT: (502, "DOSE REPORT", "SR"),
        }[kind]
        return SeriesHead(kind, number, words, modality)


def study(
    kind: Kind | str,
    *,
    seed: int = 1,
    patient: SyntheticPatient | None = None,
    performed: datetime = PERFORMED,
    matrix: int | tuple[int, int] = 256,
    slices: int = 40,
    spacing: Point | None = None,
    finding_mm: float | None = None,
    prior: SyntheticStudy | None = None,
    series: Collection[SeriesKind | str] = EVERY_SERIES,
    transfer_syntax: TransferSyntax | str = TransferSyntax.EXPLICIT,
    accession: str | None = None,
) -> SyntheticStudy:
    """A study of the person whom `seed` stands for: the same bytes on every run.

    `matrix` is rows and columns of the axial images, `spacing` (z, y, x) in mm; without it the whole exam
    fits. `finding_mm` is the diameter of the nodule (chest) or the cyst (abdomen). With `prior` the report
    compares. Deflated and compressed pixels are as reproducible as the codec libraries that the lock pins.
    """
    kind, wanted = Kind(kind), frozenset(SeriesKind(s) for s in series)
    patient = patient or SyntheticPatient.of(seed)
    shape = (slices, *((matrix, matrix) if isinstance(matrix, int) else matrix))
    purpose = (
        seed,
        kind,
        patient.issuer,
        patient.patient_id,
        performed.isoformat(),
        shape,
        spacing,
        finding_mm,
    )
    number = accession or f"A{performed:%y}{Dice('accession', *purpose).whole(100000, 999999)}"
    order = Order(kind, patient, performed, number, TITLES[kind].upper(), purpose, TransferSyntax(transfer_syntax))
    where = grid(kind, shape, spacing or default_spacing(kind, shape))
    who, name, centre, wide = _person(kind, seed, patient, finding_mm, where)
    plan = Plan(order, who, where, (seed, performed.isoformat()), wanted)
    finding = _finding(plan, name, centre, wide)
    before = Prior(prior.performed, prior.findings[0].diameter_mm) if prior else None
    return SyntheticStudy(
        kind=str(kind),
        patient=patient,
        study_instance_uid=order.uid("study"),
        accession_number=number,
        description=order.description,
        performed=performed,
        files=tuple(_files(plan)),
        report=report(kind, patient, performed, finding, thickness=images.step(where.z), prior=before),
        findings=(finding,),
    )


def timeline(
    kind: Kind | str = Kind.CHEST,
    *,
    seed: int = 1,
    patient: SyntheticPatient | None = None,
    performed: datetime = PERFORMED,
    days: int = 182,
    sizes: tuple[float, float] = (6.0, 9.0),
    matrix: int | tuple[int, int] = 256,
    slices: int = 40,
) -> tuple[SyntheticStudy, SyntheticStudy]:
    """Two studies of one person between which the finding grew (mm); the later report compares."""
    earlier = performed - timedelta(days=days)
    first = study(
        kind, seed=seed, patient=patient, performed=earlier, matrix=matrix, slices=slices, finding_mm=sizes[0]
    )
    second = study(
        kind,
        seed=seed,
        patient=patient,
        performed=performed,
        matrix=matrix,
        slices=slices,
        finding_mm=sizes[1],
        prior=first,
    )
    return first, second


@lru_cache(maxsize=32)
def scan_of(
    patient: SyntheticPatient, kind: Kind | str = Kind.CHEST, *, seed: int = 1, slices: int = 6
) -> SyntheticStudy:
    """A small study of somebody, for tests: 64 by 64, made in well under a second and kept for the next call."""
    return study(kind, seed=seed, patient=patient, matrix=64, slices=slices)


def _person(
    kind: Kind, seed: int, patient: SyntheticPatient, finding_mm: float | None, where: Grid
) -> tuple[Person, str, Point, float]:
    """The finding lies on a slice's plane: a small one would fall between two thick slices."""
    if kind is Kind.CHEST:
        level = _nearest(where, Chest(seed).nodule)
        chest = Chest(seed, finding_mm or 8.0, female=patient.sex == "F", level=level)
        return chest, "solid nodule, right upper lobe", chest.nodule, chest.nodule_mm
    if kind is Kind.ABDOMEN:
        abdomen = Abdomen(seed, finding_mm or 12.0, _nearest(where, Abdomen(seed).cyst))
        return abdomen, "simple cyst, right lobe of the liver", abdomen.cyst, abdomen.cyst_mm
    head = Head(seed, _nearest(where, LACUNE))
    return head, "lacune, left caudate region", head.lacune, LACUNE_MM


def _nearest(where: Grid, place: Point) -> float:
    return round(float(where.z[int(np.abs(where.z - np.float32(place[2])).argmin())]), 4)


def _finding(plan: Plan, name: str, centre: Point, wide: float) -> SyntheticFinding:
    shown = SeriesKind.SHARP if plan.order.kind is Kind.CHEST else SeriesKind.SOFT
    nearest = int(np.abs(plan.where.z - np.float32(centre[2])).argmin())
    return SyntheticFinding(name, centre, wide, plan.head(shown).number, len(plan.where.z) - nearest)


def _files(plan: Plan) -> Iterator[SyntheticFile]:
    spent = dose.exposure(plan.order.kind, images.step(plan.where.z) * len(plan.where.z))
    if SeriesKind.SCOUT in plan.series:
        yield from _scouts(plan)
    yield from _axials(plan)
    if SeriesKind.CORONAL in plan.series:
        yield from _coronals(plan)
    if SeriesKind.DOSE_SCREEN in plan.series:
        yield capture.dose_screen(plan.order, plan.head(SeriesKind.DOSE_SCREEN), spent)
    if SeriesKind.DOSE_REPORT in plan.series:
        yield dose.dose_report(plan.order, plan.head(SeriesKind.DOSE_REPORT), spent)


def _axials(plan: Plan) -> Iterator[SyntheticFile]:
    kinds = [k for k in (SeriesKind.SOFT, SeriesKind.SHARP) if k in plan.series]
    found: dict[SeriesKind, Hounsfield] = {k: np.empty(plan.where.shape, dtype=np.int16) for k in kinds}
    for start, slab in slabs(plan.order.kind, plan.who, plan.where, table=True) if kinds else ():
        for kind, volume in found.items():
            volume[start : start + len(slab)] = expose(
                plan.order.kind,
                slab,
                plan.where,
                start=start,
                noise_of=plan.exposure,
                sharp=kind is SeriesKind.SHARP,
            )
    thickness = images.step(plan.where.z)
    for kind, volume in found.items():
        head, sharp = plan.head(kind), kind is SeriesKind.SHARP
        ds = images.template(plan.order, head, ["ORIGINAL", "PRIMARY", "AXIAL"], thickness=thickness, sharp=sharp)
        yield from images.slices(plan.order, head, ds, images.axial(volume, plan.where))


def _coronals(plan: Plan) -> Iterator[SyntheticFile]:
    """Cut anew from the person, not from thick axial slices: sharp along the body too."""
    spacing = images.step(plan.where.x)
    length = len(plan.where.z) * images.step(plan.where.z)
    count = max(3, len(plan.where.z) // 2)
    depth = 200.0 / count
    where = grid(
        plan.order.kind,
        (max(8, round(length / spacing)), count, len(plan.where.x)),
        (spacing, depth, spacing),
    )
    volume = scan(plan.order.kind, plan.who, where, noise_of=(*plan.exposure, "coronal"))
    head = plan.head(SeriesKind.CORONAL)
    ds = images.template(plan.order, head, ["DERIVED", "SECONDARY", "REFORMATTED"], thickness=depth, sharp=False)
    yield from images.slices(plan.order, head, ds, images.coronal(volume, where))


def _scouts(plan: Plan) -> Iterator[SyntheticFile]:
    """One in front, one from the side, sampled at half the matrix of the axial images, then doubled."""
    setting = SETTINGS[plan.order.kind]
    half = min(128, max(plan.where.shape[1:]) // 2)
    spacing = round(setting.field_of_view / half, 6)
    where = grid(plan.order.kind, (round(setting.length / spacing), half, half), (spacing,) * 3)
    whole = np.concatenate([slab for _, slab in slabs(plan.order.kind, plan.who, where, table=False)])
    head = plan.head(SeriesKind.SCOUT)
    ds = images.template(plan.order, head, ["ORIGINAL", "PRIMARY", "LOCALIZER"], thickness=1.0, sharp=False)
    ds.WindowCenter, ds.WindowWidth = "-200", "1500"
    views = (images.scout(whole, where, lateral=lateral) for lateral in (False, True))
    yield from images.slices(plan.order, head, ds, views)
