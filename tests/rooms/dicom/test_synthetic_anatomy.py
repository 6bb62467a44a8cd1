"""The people in the synthetic scanner: organs where they belong, with the density that they have, and a face."""

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from scanward.dicom.synthetic import Kind, default_spacing, intracranial, scanner, volume
from scanward.dicom.synthetic.canvas import Canvas
from scanward.dicom.synthetic.face import Features, skin
from scanward.dicom.synthetic.shapes import Ball, Grid, Point, Rod, cosine, mirror, sine, turned
from scanward.dicom.synthetic.texture import Dice, noise

SHAPE = (64, 128, 128)


@cache
def scan(kind: str) -> NDArray[np.int16]:
    return volume(kind, 1, SHAPE, noisy=False)


def at(kind: str, place: Point, reach: float = 2.0) -> float:
    """Mean HU about a place in mm."""
    where = scanner.grid(Kind(kind), SHAPE, default_spacing(Kind(kind), SHAPE))
    near = [
        np.abs(axis - p) <= max(reach, axis[1] - axis[0])
        for axis, p in zip((where.z, where.y, where.x), place[::-1], strict=True)
    ]
    return float(scan(kind)[np.ix_(*near)].mean())


@pytest.mark.parametrize(
    ("kind", "organ", "place", "low", "high"),
    [
        ("head", "white matter", (24, 10, 44), 22, 34),
        ("head", "thalamus", (11, 8, 10), 34, 44),
        ("head", "lateral ventricle", (10, -10, 25), 0, 18),
        ("head", "eyeball", (32.5, -73, -24), 0, 30),
        ("head", "left maxillary sinus", (26, -53, -52), -1024, -950),
        ("head", "pharynx", (0, -5, -90), -1024, -900),
        ("head", "tongue", (0, -44, -90), 40, 80),
        ("head", "cerebellum", (20, 46, -38), 25, 42),
        ("head", "retention cyst in the right antrum", (-27, -50, -62), 0, 60),
        ("head", "air before the forehead", (0, -120, 60), -1024, -990),
        ("chest", "right lung", (-90, 0, 0), -920, -780),
        ("chest", "left lung", (95, 10, 0), -920, -780),
        ("chest", "heart", (24, -32, -50), 30, 60),
        ("chest", "aortic arch", (14, 4, 68), 35, 55),
        ("chest", "liver", (-80, 0, -130), 45, 70),
        ("chest", "trachea", (0, 6, 110), -1024, -900),
        ("chest", "vertebra", (0, 44, 30), 150, 350),
        ("abdomen", "liver", (-90, -20, 80), 95, 125),
        ("abdomen", "spleen", (108, 26, 84), 110, 135),
        ("abdomen", "cortex of the left kidney", (82, 38, 22), 140, 200),
        ("abdomen", "gallbladder", (-44, -50, 12), 0, 20),
        ("abdomen", "aorta", (8, 14, 20), 145, 175),
        ("abdomen", "psoas", (50, 38, -90), 45, 75),
        ("abdomen", "stomach", (62, -20, 80), 0, 40),
        ("abdomen", "gas in the stomach", (66, -58, 56), -1024, -900),
        ("abdomen", "fat under the skin", (0, -101, -60), -125, -75),
    ],
)
def test_an_organ_has_its_density(kind: str, organ: str, place: Point, low: float, high: float) -> None:
    assert low <= at(kind, place) <= high, organ


def test_grey_matter_is_brighter_than_white() -> None:
    assert at("head", (11, 8, 10)) - at("head", (24, 10, 44)) > 5


def test_skull_and_teeth_are_the_hardest_of_a_head() -> None:
    head = scan("head")
    assert 1500 < head.max() <= 3071
    assert (head > 900).mean() > 0.01


def test_a_brain_has_the_size_of_a_brain() -> None:
    step = default_spacing(Kind.HEAD, SHAPE)
    millilitres = intracranial(SHAPE).sum() * step[0] * step[1] * step[2] / 1000
    assert 1200 < millilitres < 1800


def test_what_is_inside_the_skull_is_soft() -> None:
    inside = scan("head")[intracranial(SHAPE)]
    assert ((inside > -30) & (inside < 130)).mean() > 0.97


# The face


@cache
def profile(seed: int = 1) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Heights, and how far forward (mm, larger is further) the skin reaches in the midline."""
    z = np.arange(-130, 90, 1, dtype=np.float32)
    where = Grid(z, np.arange(-125, 0, 0.5, dtype=np.float32), np.array([-1, 0, 1], dtype=np.float32))
    inside = skin(where, Features.of(seed))[:, :, 1] < 0
    return z, -where.y[inside.argmax(axis=1)]


def forward(low: float, high: float, seed: int = 1) -> float:
    z, reach = profile(seed)
    return float(reach[(z >= low) & (z <= high)].max())


def test_the_nose_is_the_foremost_of_a_face() -> None:
    z, reach = profile()
    assert -75 < z[reach.argmax()] < -45
    assert forward(-70, -50) - forward(0, 60) > 10


def test_a_profile_has_a_bridge_a_groove_under_the_nose_lips_and_a_chin() -> None:
    z, reach = profile()
    bridge = reach[(z > -26) & (z < -14)].min()
    groove = reach[(z > -83) & (z < -74)].min()
    fold = reach[(z > -110) & (z < -98)].min()
    assert bridge < forward(-10, 5)
    assert groove < forward(-70, -50) - 10
    assert fold < forward(-98, -84)
    assert fold < forward(-124, -110)


def test_eyes_lie_in_sockets_between_brow_and_cheek() -> None:
    x = Features.of(1).eye[0]
    where = Grid(
        np.arange(-70, 10, 1, dtype=np.float32),
        np.arange(-125, 0, 0.5, dtype=np.float32),
        np.array([x - 14, x], dtype=np.float32),
    )
    reach = -where.y[(skin(where, Features.of(1)) < 0).argmax(axis=1)]
    brow, inner_corner = reach[(where.z > -8), 1].max(), reach[(where.z > -30) & (where.z < -18), 0].min()
    assert brow - inner_corner > 3


def test_ears_stand_off_the_head() -> None:
    where = Grid(
        np.array([-38], dtype=np.float32),
        np.arange(-20, 50, 1, dtype=np.float32),
        np.arange(0, 110, 1, dtype=np.float32),
    )
    inside = skin(where, Features.of(1))[0] < 0
    width = np.where(inside.any(axis=1), inside.shape[1] - inside[:, ::-1].argmax(axis=1), 0)
    assert width.max() - width[0] > 8


def test_no_two_seeds_share_a_profile() -> None:
    reaches = [profile(seed)[1] for seed in range(1, 6)]
    assert all(np.abs(a - b).max() > 1 for n, a in enumerate(reaches) for b in reaches[:n])


def test_skin_covers_the_eyes_and_no_bone_comes_through_it() -> None:
    where = scanner.grid(Kind.HEAD, SHAPE, default_spacing(Kind.HEAD, SHAPE))
    outside = skin(where, Features.of(1)) > 3
    bare = volume("head", 1, SHAPE, noisy=False, table=False)
    assert bare[outside].max() < -900


# The scanner


def test_noise_has_the_strength_asked_for_and_no_offset() -> None:
    for sharp in (False, True):
        image = noise(Dice("test"), (256, 256), sharp=sharp)
        assert image.std() == pytest.approx(1, abs=0.15)
        assert abs(image.mean()) < 0.05


def test_noise_of_a_soft_kernel_is_correlated_and_of_a_sharp_one_is_not() -> None:
    def neighbours(sharp: bool) -> float:
        image = noise(Dice("test"), (256, 256), sharp=sharp)
        return float((image[:, 1:] * image[:, :-1]).mean() / image.var())

    assert neighbours(sharp=False) > 0.4
    assert neighbours(sharp=True) < 0.1


def test_a_scan_is_the_same_however_it_is_cut_into_slabs(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = volume("chest", 2, (5, 48, 48))
    monkeypatch.setattr(scanner, "_SLAB", 1)
    assert np.array_equal(volume("chest", 2, (5, 48, 48)), whole)


def test_the_table_lies_behind_the_back_and_can_be_left_out() -> None:
    with_table, without = (volume("chest", 1, (2, 128, 128), noisy=False, table=t) for t in (True, False))
    rows = np.nonzero((with_table != without).any(axis=(0, 2)))[0]
    assert rows.min() > 64
    assert without[:, -8:].max() == -1000


def test_hounsfield_units_fit_twelve_bits() -> None:
    assert min(scan(kind).min() for kind in ("head", "chest", "abdomen")) >= -1024
    assert max(volume("head", 1, SHAPE, sharp=True).max(), 0) <= 3071


# Solids


def test_distances_to_a_ball_and_to_a_rod_are_true_near_their_surface() -> None:
    where = Grid(*[np.array([v], dtype=np.float32) for v in (0, 0, 12)])
    assert Ball((0, 0, 0), (10, 10, 10)).distance(where)[0, 0, 0] == pytest.approx(2, abs=0.5)
    assert Rod((0, 0, -5), (0, 0, 5), 10).distance(where)[0, 0, 0] == pytest.approx(2, abs=1e-3)


@pytest.mark.parametrize("axis", ["x", "y", "z"])
def test_a_turned_ball_lies_within_its_box(axis: str) -> None:
    ball = Ball((3, -2, 5), (20, 6, 11), turned(axis, 33))
    ticks = np.arange(-40, 41, 1, dtype=np.float32)
    inside = np.argwhere(ball.distance(Grid(ticks, ticks, ticks)) < 0) - 40
    low, high = ball.box()
    assert (inside[:, ::-1].min(axis=0) >= np.array(low) - 1).all()
    assert (inside[:, ::-1].max(axis=0) <= np.array(high) + 1).all()
    assert len(inside) == pytest.approx(4 / 3 * np.pi * 20 * 6 * 11, rel=0.05)


@pytest.mark.parametrize("axis", ["x", "y", "z"])
def test_a_mirrored_solid_is_the_mirror_image(axis: str) -> None:
    ball = Ball((12, -2, 5), (14, 6, 9), turned(axis, 28))
    ticks = np.arange(-30, 31, 2, dtype=np.float32)
    here, there = (s.distance(Grid(ticks, ticks, ticks)) for s in (ball, mirror(ball)))
    assert np.allclose(here, there[:, :, ::-1], atol=1e-3)


@pytest.mark.parametrize("degrees", [0, 30, 45, 90, 135, 180, 270, 359, -60])
def test_the_cosine_without_a_library_is_a_cosine(degrees: float) -> None:
    assert cosine(degrees) == pytest.approx(np.cos(np.radians(degrees)), abs=1e-6)
    assert sine(degrees) == pytest.approx(np.sin(np.radians(degrees)), abs=1e-6)


def test_paint_covers_half_of_a_voxel_that_the_edge_cuts() -> None:
    canvas = Canvas(Grid(*[np.arange(-10, 11, 1, dtype=np.float32)] * 3))
    canvas.paint(Rod((-50, 0, 0), (50, 0, 0), 5), 0.0)
    assert canvas.hu[10, 10, 10] == 0
    assert canvas.hu[10, 15, 10] == pytest.approx(-500, abs=1)
    assert canvas.hu[10, 17, 10] == -1000
