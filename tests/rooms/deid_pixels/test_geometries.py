"""However its slices lie, a head loses its face and keeps its brain (S8)."""

import numpy as np
import pytest
from scipy import ndimage

from scanward.deid.pixels.anatomy import dilated, eroded
from scanward.deid.pixels.face import Defaced, deface
from scanward.deid.pixels.geometry import Plane, Stack, axial_stack, stack_of
from scanward.dicom.synthetic import default_spacing, intracranial, volume

SHAPE = (48, 96, 96)
Z, Y, X = default_spacing("head", SHAPE)
WIDE = ((SHAPE[1] - 1) * Y, (SHAPE[2] - 1) * X)


@pytest.fixture(scope="module")
def head() -> Stack:
    return axial_stack(volume("head", 3, SHAPE), (Z, Y, X))


@pytest.fixture(scope="module")
def defaced(head: Stack) -> Defaced:
    return deface(head, seed=b"test")


def cut(before: Stack, after: Stack) -> np.ndarray:
    """What was taken from the head itself; in air old and new noise can be the same number."""
    return (before.hu != after.hu) & (before.hu > -300)


def alike(one: np.ndarray, other: np.ndarray) -> float:
    """Twice what two cuts share, of both."""
    return float(2 * (one & other).sum() / (one.sum() + other.sum()))


def test_feet_first_and_prone_takes_the_same(head: Stack, defaced: Defaced) -> None:
    """S8: rows, columns and slices run the other way."""
    planes = [Plane((WIDE[1], WIDE[0], k * Z), (-1, 0, 0), (0, -1, 0), (Y, X), SHAPE[1:]) for k in range(SHAPE[0])]
    turned = stack_of(planes[::-1], list(head.hu[::-1, ::-1, ::-1]))
    again = cut(turned, deface(turned, seed=b"test").stack)[:, ::-1, ::-1]
    assert alike(cut(head, defaced.stack), again) > 0.97


def test_uneven_spacing_takes_the_same_where_slices_are(head: Stack, defaced: Defaced) -> None:
    """S8: thin slices below and thick steps above, as in old head scans."""
    kept = [*range(24), *range(24, SHAPE[0], 2)]
    uneven = stack_of([head.planes[n] for n in kept], list(head.hu[kept]))
    assert alike(cut(head, defaced.stack)[kept], cut(uneven, deface(uneven, seed=b"test").stack)) > 0.9


def test_a_tilted_gantry_leaves_the_brain_and_takes_the_face(head: Stack, defaced: Defaced) -> None:
    """S8: slices 18 degrees from the axis, each moved along the table."""
    t = np.deg2rad(18)
    down = np.array([0.0, np.cos(t), np.sin(t)])
    planes, slices, inside, wanted = [], [], [], []
    for k in range(SHAPE[0]):
        first = np.array([0.0, 0.0, k * Z - np.sin(t) * WIDE[0] / 2])
        rows = first[1:, None] + down[1:, None] * (np.arange(SHAPE[1]) * Y)
        where = np.stack(
            np.broadcast_arrays(rows[1][:, None] / Z, rows[0][:, None] / Y, np.arange(SHAPE[2], dtype=float)[None, :])
        )
        planes.append(Plane(tuple(first), (1, 0, 0), tuple(down), (Y, X), SHAPE[1:]))
        slices.append(ndimage.map_coordinates(head.hu, where, order=1, cval=-1000))
        near = {"order": 0, "cval": 0}
        inside.append(ndimage.map_coordinates(intracranial(SHAPE).astype(np.uint8), where, **near) > 0)
        wanted.append(ndimage.map_coordinates(cut(head, defaced.stack).astype(np.uint8), where, **near) > 0)
    tilted = stack_of(planes, slices)
    taken = cut(tilted, deface(tilted, seed=b"test").stack)
    assert not (taken & np.array(inside)[tilted.order]).any()
    assert alike(np.array(wanted)[tilted.order], taken) > 0.85


def test_a_ball_of_discs_is_what_a_distance_says() -> None:
    """A mask grown or shrunk slice by slice, at the edge of the scan too, where what lies beyond counts as inside."""
    mask = ndimage.gaussian_filter(np.random.default_rng(2).normal(size=(14, 20, 18)), 1.5) > 0.1
    for mm in (3.0, 4.5, 6.0, 9.5):
        assert np.array_equal(dilated(mask, mm, 2.0), ndimage.distance_transform_edt(~mask) * 2 <= mm)
        assert np.array_equal(eroded(mask, mm, 2.0), ndimage.distance_transform_edt(mask) * 2 > mm)
    assert eroded(np.ones_like(mask), 9.5, 2.0).all() and not dilated(np.zeros_like(mask), 9.5, 2.0).any()
