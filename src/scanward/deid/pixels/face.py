"""Deface a stack: analyse it on 2 mm, plan the cut, paint every slice."""

from dataclasses import dataclass
from typing import Final

from scanward.deid.pixels.anatomy import Anatomy, analyse
from scanward.deid.pixels.cut import Cut, cut_of
from scanward.deid.pixels.geometry import Stack, Unusable
from scanward.deid.pixels.paint import Painter, noise_of

STEP: Final = 2.0


@dataclass
class Defaced:
    """A stack without its face, the plan by which it was cut, and the anatomy that the plan came from."""

    stack: Stack
    cut: Cut
    anatomy: Anatomy


def plan(stack: Stack) -> tuple[Anatomy, Cut]:
    """The cut of a head.

    Raises: Unusable when there is nothing to plan it by.
    """
    grid = stack.grid(STEP)
    hu, known = stack.resampled(grid)
    anatomy = analyse(hu, known, grid)
    try:
        return anatomy, cut_of(anatomy)
    except ValueError as boneless:
        raise Unusable("it shows no bone that a cut could follow") from boneless


def carry_out(cut: Cut, stack: Stack, seed: bytes) -> Stack:
    """A cut carried out on a stack that lies in the same frame of reference."""
    painter = Painter(cut, noise_of(stack), seed)
    hu = stack.hu.copy()
    for n, (plane, image) in enumerate(zip(stack.planes, hu, strict=True)):
        painter.paint(plane, image, n)
    return Stack(stack.planes, hu, stack.order)


def deface(stack: Stack, *, seed: bytes = b"") -> Defaced:
    """Take the face out of a stack of CT slices in Hounsfield units.

    Raises: Unusable
    """
    anatomy, cut = plan(stack)
    return Defaced(carry_out(cut, stack, seed), cut, anatomy)
