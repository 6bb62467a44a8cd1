"""The dose report that a scanner sends: an X-Ray Radiation Dose SR after TID 10011 (PS3.16)."""

from collections.abc import Sequence
from dataclasses import dataclass

from pydicom.dataset import Dataset

from scanward.dicom.synthetic.model import SyntheticFile
from scanward.dicom.synthetic.objects import DOSE, Order, SeriesHead, base, clock, coded, day, finish
from scanward.dicom.synthetic.scanner import Kind


@dataclass(frozen=True)
class Exposure:
    """What a scan cost: CTDIvol in mGy, length in mm, and the phantom that they refer to."""

    ctdi: float
    length: float
    phantom: str

    @property
    def dlp(self) -> float:
        """Dose-length product in mGy cm."""
        return round(self.ctdi * self.length / 10, 1)


def exposure(kind: Kind, length: float) -> Exposure:
    """Usual adult doses."""
    ctdi, phantom = {Kind.HEAD: (48.2, "Head"), Kind.CHEST: (6.4, "Body"), Kind.ABDOMEN: (9.8, "Body")}[kind]
    return Exposure(ctdi, round(length, 1), phantom)


def dose_report(order: Order, head: SeriesHead, spent: Exposure) -> SyntheticFile:
    """The SR object."""
    ds = base(order, head, DOSE)
    ds.ContentDate, ds.ContentTime = day(order.performed), clock(order.performed)
    ds.ReferencedPerformedProcedureStepSequence = []
    ds.PerformedProcedureCodeSequence = []
    ds.CompletionFlag, ds.VerificationFlag, ds.ValueType = "COMPLETE", "UNVERIFIED", "CONTAINER"
    ds.ContinuityOfContent = "SEPARATE"
    ds.ConceptNameCodeSequence = [coded("113701", "DCM", "X-Ray Radiation Dose Report")]
    template = Dataset()
    template.MappingResource, template.TemplateIdentifier = "DCMR", "10011"
    ds.ContentTemplateSequence = [template]
    ds.ContentSequence = [*_context(order), _total(spent), _acquisition(order, spent), _source()]
    return finish(ds, order, head, 1)


def _context(order: Order) -> list[Dataset]:
    procedure = _code(
        "HAS CONCEPT MOD",
        ("121058", "DCM", "Procedure reported"),
        ("77477000", "SCT", "Computed Tomography X-Ray"),
    )
    procedure.ContentSequence = [
        _code("HAS CONCEPT MOD", ("363703001", "SCT", "Has Intent"), ("261004008", "SCT", "Diagnostic Intent"))
    ]
    moment = f"{day(order.performed)}{clock(order.performed)}"
    scope = _code("HAS OBS CONTEXT", ("113705", "DCM", "Scope of Accumulation"), ("113014", "DCM", "Study"))
    scope.ContentSequence = [_uid("HAS PROPERTIES", ("110180", "DCM", "Study Instance UID"), order.uid("study"))]
    return [
        procedure,
        _code("HAS OBS CONTEXT", ("121005", "DCM", "Observer Type"), ("121007", "DCM", "Device")),
        _uid("HAS OBS CONTEXT", ("121012", "DCM", "Device Observer UID"), order.uid("device")),
        _moment(("113809", "DCM", "Start of X-Ray Irradiation"), moment),
        _moment(("113810", "DCM", "End of X-Ray Irradiation"), moment),
        scope,
    ]


def _total(spent: Exposure) -> Dataset:
    return _container(
        ("113811", "DCM", "CT Accumulated Dose Data"),
        [
            _number(("113812", "DCM", "Total Number of Irradiation Events"), "1", "{events}", "events"),
            _number(("113813", "DCM", "CT Dose Length Product Total"), f"{spent.dlp}", "mGy.cm", "mGy.cm"),
        ],
    )


def _acquisition(order: Order, spent: Exposure) -> Dataset:
    region = {
        Kind.HEAD: ("69536005", "SCT", "Head"),
        Kind.CHEST: ("51185008", "SCT", "Chest"),
        Kind.ABDOMEN: ("113345001", "SCT", "Abdomen"),
    }[order.kind]
    contrast = ("27483000", "SCT", "Diagnostic radiography with contrast media")
    plain = ("24932003", "SCT", "CT without contrast")
    phantom = {
        "Head": ("113690", "DCM", "IEC Head Dosimetry Phantom"),
        "Body": ("113691", "DCM", "IEC Body Dosimetry Phantom"),
    }
    dose = _container(
        ("113829", "DCM", "CT Dose"),
        [
            _number(("113830", "DCM", "Mean CTDIvol"), f"{spent.ctdi}", "mGy", "mGy"),
            _code("CONTAINS", ("113835", "DCM", "CTDIw Phantom Type"), phantom[spent.phantom]),
            _number(("113838", "DCM", "DLP"), f"{spent.dlp}", "mGy.cm", "mGy.cm"),
        ],
    )
    return _container(
        ("113819", "DCM", "CT Acquisition"),
        [
            _text(("125203", "DCM", "Acquisition Protocol"), order.description),
            _code("CONTAINS", ("123014", "DCM", "Target Region"), region),
            _code(
                "CONTAINS",
                ("113820", "DCM", "CT Acquisition Type"),
                ("116152004", "SCT", "Spiral Acquisition"),
            ),
            _code(
                "CONTAINS",
                ("408730004", "SCT", "Procedure Context"),
                contrast if order.kind is Kind.ABDOMEN else plain,
            ),
            _uid("CONTAINS", ("113769", "DCM", "Irradiation Event UID"), order.uid("irradiation")),
            _parameters(spent),
            dose,
        ],
    )


def _parameters(spent: Exposure) -> Dataset:
    tube = _container(
        ("113831", "DCM", "CT X-Ray Source Parameters"),
        [
            _text(("113832", "DCM", "Identification of the X-Ray Source"), "A"),
            _number(("113733", "DCM", "KVP"), "120", "kV", "kV"),
            _number(("113833", "DCM", "Maximum X-Ray Tube Current"), "280", "mA", "mA"),
            _number(("113734", "DCM", "X-Ray Tube Current"), "210", "mA", "mA"),
            _number(("113834", "DCM", "Exposure Time per Rotation"), "0.5", "s", "s"),
        ],
    )
    return _container(
        ("113822", "DCM", "CT Acquisition Parameters"),
        [
            _number(("113824", "DCM", "Exposure Time"), "6.2", "s", "s"),
            _number(("113825", "DCM", "Scanning Length"), f"{spent.length}", "mm", "mm"),
            _number(("113826", "DCM", "Nominal Single Collimation Width"), "0.6", "mm", "mm"),
            _number(("113827", "DCM", "Nominal Total Collimation Width"), "38.4", "mm", "mm"),
            _number(("113828", "DCM", "Pitch Factor"), "0.9", "{ratio}", "ratio"),
            _number(("113823", "DCM", "Number of X-Ray Sources"), "1", "{X-Ray sources}", "X-Ray sources"),
            tube,
        ],
    )


def _source() -> Dataset:
    return _code(
        "CONTAINS",
        ("113854", "DCM", "Source of Dose Information"),
        ("113856", "DCM", "Automated Data Collection"),
    )


Code = tuple[str, str, str]


def _item(relation: str, kind: str, name: Code) -> Dataset:
    item = Dataset()
    item.RelationshipType, item.ValueType = relation, kind
    item.ConceptNameCodeSequence = [coded(*name)]
    return item


def _code(relation: str, name: Code, value: Code) -> Dataset:
    item = _item(relation, "CODE", name)
    item.ConceptCodeSequence = [coded(*value)]
    return item


def _text(name: Code, value: str) -> Dataset:
    item = _item("CONTAINS", "TEXT", name)
    item.TextValue = value
    return item


def _uid(relation: str, name: Code, value: str) -> Dataset:
    item = _item(relation, "UIDREF", name)
    item.UID = value
    return item


def _moment(name: Code, value: str) -> Dataset:
    item = _item("HAS OBS CONTEXT", "DATETIME", name)
    item.DateTime = value
    return item


def _number(name: Code, value: str, unit: str, meaning: str) -> Dataset:
    item = _item("CONTAINS", "NUM", name)
    measured = Dataset()
    measured.NumericValue = value
    measured.MeasurementUnitsCodeSequence = [coded(unit, "UCUM", meaning)]
    item.MeasuredValueSequence = [measured]
    return item


def _container(name: Code, content: Sequence[Dataset]) -> Dataset:
    item = _item("CONTAINS", "CONTAINER", name)
    item.ContinuityOfContent = "SEPARATE"
    item.ContentSequence = list(content)
    return item
