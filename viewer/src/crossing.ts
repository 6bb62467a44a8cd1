// The three planes know of each other: each shows where the others cut it, and a tap takes the others there.

import type { Pane } from './pane';
import { PlaneStack } from './stack';
import { toImage, type Point } from './view';

/** Draws in each plane where the others cut it. */
export function link(panes: readonly Pane[]): void {
  for (const pane of panes) {
    const { stack } = pane;
    if (!(stack instanceof PlaneStack)) continue;
    pane.guides = panes.flatMap((other) =>
      other !== pane && other.stack instanceof PlaneStack ? [stack.crossing(other.stack, other.index)] : [],
    );
  }
}

/** The slices of the other planes that go through a point of this one; `at` in screen pixels. */
export function through(panes: readonly Pane[], pane: Pane, at: Point): [Pane, number][] {
  const { plane, stack } = pane;
  if (!plane || !(stack instanceof PlaneStack)) return [];
  const { x, y } = toImage(at, pane.placing(plane));
  if (x < 0 || y < 0 || x >= plane.width || y >= plane.height) return [];
  return panes.flatMap((other): [Pane, number][] =>
    other !== pane && other.stack instanceof PlaneStack ? [[other, stack.indexOn(other.stack, x, y)]] : [],
  );
}
