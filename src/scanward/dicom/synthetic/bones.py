"""Bones that head, chest and abdomen share."""

from scanward.dicom.synthetic.canvas import Canvas
from scanward.dicom.synthetic.shapes import Ball, Matrix, Point, Rod, Shape, mirrored

CORTEX, SPONGY, MARROW = 850.0, 210.0, 160.0


def vertebra(
    canvas: Canvas,
    centre: Point,
    *,
    width: float,
    depth: float,
    height: float,
    spinous: float,
    axes: Matrix | None = None,
    transverse: float = 0.0,
) -> None:
    """A vertebra: body (half axes given), canal with cord, arch, processes, and the disc under it."""
    x, y, z = centre
    back = y + depth
    canal = max(7.0, 0.55 * width)
    disc = Ball((x, y, z - height * 1.25), (width * 0.98, depth * 0.98, height * 0.5), axes)
    canvas.paint(disc, 85)
    # A body is a drum: three flat balls, one on another.
    drum: list[Shape] = [
        Ball((x, y, z + k * height * 0.5), (width * w, depth * w, height * 0.52), axes)
        for k, w in ((-1, 1.04), (0, 0.97), (1, 1.04))
    ]
    arch_y = back + 2 * canal
    arch: list[Shape] = [
        *mirrored(Rod((canal + 3.5, back - 2, z + 1), (canal + 4.5, back + canal, z), 3.8)),
        *mirrored(Rod((canal + 4, back + canal, z - 1), (2, arch_y + 1, z - 4), 3.2)),
        Rod((0, arch_y, z - 4), (0, arch_y + spinous, z - 8), 3.0, 3.4),
        *mirrored(Ball((canal + 5.5, back + canal * 0.9, z), (5, 5, height))),
    ]
    if transverse:
        arch += mirrored(Rod((canal + 6, back + canal * 0.7, z), (canal + transverse, back + canal * 1.1, z), 4, 3))
    canvas.paint([*drum, *arch], CORTEX)
    canvas.paint(drum, SPONGY, grow=-1.7)
    canvas.paint(arch, 330, grow=-1.9)
    tunnel = Rod((x, back + canal, z - height * 1.8), (x, back + canal, z + height * 1.8), canal - 0.6)
    canvas.paint(tunnel, 14)
    canvas.paint(Rod(tunnel.start, tunnel.end, canal * 0.55), 36)
