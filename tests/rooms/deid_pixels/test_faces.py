"""Faces: found by two detectors before, by none after, and nothing inside the skull moved (S8, S10, S12)."""

import numpy as np
import pytest
from scipy import ndimage

from scanward.deid.pixels import gate
from scanward.deid.pixels.detectors import DETECTORS, available
from scanward.deid.pixels.face import Defaced, carry_out, deface
from scanward.deid.pixels.geometry import Plane, Stack, Unusable, axial_stack, stack_of
from scanward.deid.pixels.render import even, render
from scanward.deid.pixels.shows import shown
from scanward.dicom.synthetic import default_spacing, intracranial, volume

SHAPE = (72, 128, 128)
needs_detectors = pytest.mark.skipif(not available(), reason="the face detectors are not installed")


@pytest.fixture(scope="module")
def head() -> Stack:
    return axial_stack(volume("head", 3, SHAPE), default_spacing("head", SHAPE))


@pytest.fixture(scope="module")
def defaced(head: Stack) -> Defaced:
    return deface(head, seed=b"test")


@needs_detectors
def test_a_face_is_found_before_and_by_no_detector_after_nor_after_the_attack(head: Stack, defaced: Defaced) -> None:
    """S8, S12: also from behind and upside down."""
    assert any(detector(render(even(head))) for detector in DETECTORS.values())
    assert gate.look(defaced.stack).clean


def test_not_one_voxel_inside_the_skull_is_changed(head: Stack, defaced: Defaced) -> None:
    changed = defaced.stack.hu != head.hu
    assert changed.any()
    assert not (changed & intracranial(SHAPE)).any()
    assert gate.intracranial_changes(head, defaced.stack, defaced.cut) == 0


def test_the_skull_stays(head: Stack, defaced: Defaced) -> None:
    bone = head.hu > 300
    assert (bone & (defaced.stack.hu != head.hu)).sum() < 0.01 * bone.sum()


def test_the_same_seed_gives_the_same_pixels(head: Stack, defaced: Defaced) -> None:
    assert np.array_equal(carry_out(defaced.cut, head, b"test").hu, defaced.stack.hu)


def test_a_coronal_reformat_of_the_same_person_is_cut_by_the_same_plan(head: Stack, defaced: Defaced) -> None:
    coronal = [
        Plane(
            (0, y * head.planes[0].spacing[0], head.heights[-1]), (1, 0, 0), (0, 0, -1), (head.gap, 1.953125), (72, 128)
        )
        for y in range(128)
    ]
    reformat = stack_of(coronal, [head.hu[::-1, y] for y in range(128)])
    again = carry_out(defaced.cut, reformat, b"test")
    same = (again.hu != reformat.hu) == (defaced.stack.hu != head.hu)[::-1].transpose(1, 0, 2)[reformat.order]
    body = reformat.hu > -300  # in air old and new noise can be the same number
    assert same[body].mean() > 0.98


def test_heads_and_their_parts_show_a_face_and_a_chest_does_not(head: Stack) -> None:
    spacing = default_spacing("head", SHAPE)
    assert shown(head).face
    assert shown(axial_stack(head.hu[:28], spacing)).face
    assert shown(axial_stack(head.hu[:, 30:], spacing)).face
    chest = (40, 96, 96)
    assert not shown(axial_stack(volume("chest", 1, chest), default_spacing("chest", chest))).face


def test_slices_that_do_not_make_a_volume_are_refused() -> None:
    planes = [Plane((0, 0, z), (1, 0, 0), (0, 1, 0), (1, 1), (8, 8)) for z in range(3)]
    turned = Plane((0, 0, 9), (0, 1, 0), (0, 0, 1), (1, 1), (8, 8))
    with pytest.raises(Unusable):
        stack_of([*planes, turned], [np.zeros((8, 8), np.int16)] * 4)


def test_nothing_to_follow_is_said() -> None:
    with pytest.raises(Unusable):
        deface(axial_stack(np.full((10, 32, 32), -1000, np.int16), (3, 3, 3)))


def test_a_piece_of_missing_skull_leaves_the_brain_untouched(head: Stack) -> None:
    """A craniectomy of 8 cm, filled with scalp: both masks of the brain meet no bone there."""
    spacing = default_spacing("head", SHAPE)
    z, y, x = np.ogrid[: SHAPE[0], : SHAPE[1], : SHAPE[2]]
    hole = ((z - 54) * spacing[0]) ** 2 + ((y - 64) * spacing[1]) ** 2 < 40**2
    hu = np.where(hole & (x > 74) & (head.hu > 220), 45, head.hu).astype(np.int16)
    open_ = axial_stack(hu, spacing)
    assert not ((deface(open_, seed=b"test").stack.hu != hu) & intracranial(SHAPE)).any()


@needs_detectors
def test_a_head_that_its_header_turns_round_is_not_passed(head: Stack) -> None:
    """Front and back interchanged: the cut goes into the back of the head, and the gate looks there too."""
    turned = axial_stack(np.ascontiguousarray(head.hu[:, ::-1, ::-1]), default_spacing("head", SHAPE))
    pictures = [picture for _, picture in gate.drawn(deface(turned, seed=b"test").stack)]
    assert any(detector(picture) for detector in DETECTORS.values() for picture in pictures[::-1])


@needs_detectors
def test_a_real_face_is_found_from_nearby_and_a_chance_likeness_does_not_hold_a_head(head: Stack) -> None:
    """S12: a single hit on grown tissue is in the figures; one that is found again from nearby holds the series."""
    assert gate.seen_nearby(even(head), 0.0)
    once = gate.Looked(fired={"hog": 0}, attack_fired={"hog": 1})
    assert once.clean and once.figures()["attack_detected"] == {"hog": 1}
    assert not gate.Looked(fired={"hog": 0}, attack_fired={"hog": 1}, attack_confirmed=1).clean
    assert not gate.Looked(fired={"hog": 1}).clean


@needs_detectors
def test_backs_of_heads_are_no_faces_to_the_detectors(head: Stack) -> None:
    backs = [render(even(head), angle) for angle in (150.0, 180.0, -150.0)]
    assert not any(detector(picture) for detector in DETECTORS.values() for picture in backs)


def test_both_ears_of_a_turned_head_are_taken(head: Stack) -> None:
    """S8: turned by 20 degrees, one ear lies far behind; nothing of the head's own stays beside the skull there."""
    spacing = default_spacing("head", SHAPE)
    hu = ndimage.rotate(head.hu, 20, axes=(1, 2), reshape=False, order=1, cval=-1000).astype(np.int16)
    after = deface(axial_stack(hu, spacing), seed=b"test").stack.hu
    ears = hu[24:48] > -300
    middle = ndimage.center_of_mass(hu[24:48] > 300)[2]
    beside = np.abs(np.arange(SHAPE[2]) - middle) * spacing[2] > 77
    assert (ears & beside).sum() > 100
    assert ((after[24:48] > -300) & beside).sum() < 0.02 * (ears & beside).sum()
