"""Where frames lie in the patient, in classic and enhanced objects, and in broken ones."""

from hypothesis import given
from hypothesis import strategies as st

from rooms.dicom import making
from scanward.dicom.geometry import FrameGeometry, Window, frame_geometry
from scanward.dicom.read import inspect

CLASSIC = {
    0x00180050: ("DS", "2.5"),
    0x00200032: ("DS", "-125\\-120.5\\30"),
    0x00200037: ("DS", "1\\0\\0\\0\\1\\0"),
    0x00280030: ("DS", "0.5\\0.25"),
    0x00281050: ("DS", "40\\-600"),
    0x00281051: ("DS", "80\\1500"),
    0x00281054: ("LO", "HU"),
    0x00281055: ("LO", "BRAIN\\LUNG"),
}


def of(change: making.Change) -> list[FrameGeometry]:
    return frame_geometry(inspect(making.ct(change)).dicom_json)


def test_a_classic_slice_tells_all_at_its_top():
    (found,) = of(CLASSIC)
    assert found.position == (-125, -120.5, 30)
    assert found.orientation == (1, 0, 0, 0, 1, 0)
    assert (found.spacing, found.thickness) == ((0.5, 0.25), 2.5)
    assert found.windows == (Window(40, 80, "BRAIN"), Window(-600, 1500, "LUNG"))
    assert (found.slope, found.intercept, found.rescale_type) == (1, -1024, "HU")


def test_what_is_missing_is_none():
    (found,) = of({0x00281052: None, 0x00281053: None})
    assert found == FrameGeometry(None, None, None, None, (), 1.0, 0.0, "")


def group(*inner: tuple[int, bytes]) -> bytes:
    return making.item(b"".join(making.element(tag, "SQ", making.item(what)) for tag, what in inner))


def test_an_enhanced_object_tells_some_for_all_frames_and_some_for_each():
    measures = making.element(0x00180050, "DS", "3") + making.element(0x00280030, "DS", "0.7\\0.7")
    orientation = making.element(0x00200037, "DS", "1\\0\\0\\0\\1\\0")
    shared = group((0x00209116, orientation), (0x00289110, measures))
    own = b"".join(group((0x00209113, making.element(0x00200032, "DS", f"0\\0\\{z}"))) for z in (10, 13))
    pixels = making.element(0x7FE00010, "OW", bytes(96))
    change = {0x00280008: ("IS", "2"), 0x52009229: ("SQ", shared), 0x52009230: ("SQ", own)}
    found = frame_geometry(inspect(making.ct(change, pixels=pixels)).dicom_json)
    assert [one.position for one in found] == [(0, 0, 10), (0, 0, 13)]
    assert {(one.spacing, one.thickness, one.orientation) for one in found} == {((0.7, 0.7), 3, (1, 0, 0, 0, 1, 0))}


def test_a_screenshot_s_spacing_is_that_of_its_detector():
    assert of({0x00181164: ("DS", "0.1\\0.1")})[0].spacing == (0.1, 0.1)


def test_values_that_make_no_sense_are_none():
    change = {
        0x00200032: ("DS", "1\\2"),
        0x00200037: ("DS", "a\\b\\c\\d\\e\\f"),
        0x00280030: ("DS", "0\\-1"),
        0x00281050: ("DS", "40\\x"),
        0x00281051: ("DS", "0\\80"),
        0x52009230: ("LO", "not a sequence"),
    }
    (found,) = of(change)
    assert (found.position, found.orientation, found.spacing, found.windows) == (None, None, None, ())


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=4) | st.floats(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["Value", "vr"]), inner, max_size=2),
    max_leaves=8,
)
TAGS = ["00280008", "00200032", "00280030", "00281050", "00281051", "00281053", "52009229", "52009230", "00289110"]


@given(st.dictionaries(st.sampled_from(TAGS), st.dictionaries(st.just("Value"), st.lists(JSON, max_size=3))))
def test_whatever_a_model_holds_there_is_a_geometry(model):
    model.pop("00280008", None)
    assert len(frame_geometry(model)) == 1
