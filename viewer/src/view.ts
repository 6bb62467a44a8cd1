// From image pixels to the screen and back, and lengths in mm. A point (x, y) counts in image pixels from the top left corner.

import type { Plane } from './plane';

export interface Point {
  readonly x: number;
  readonly y: number;
}

/** zoom 1 fits the picture to the pane; pan in screen pixels. */
export interface View {
  readonly zoom: number;
  readonly panX: number;
  readonly panY: number;
}

export const FITTED: View = { zoom: 1, panX: 0, panY: 0 };
const MAX_ZOOM = 20;
const MIN_ZOOM = 0.5;

/** screen = offset + scale * image */
export interface Placing {
  readonly scaleX: number;
  readonly scaleY: number;
  readonly left: number;
  readonly top: number;
}

type Sized = Pick<Plane, 'width' | 'height' | 'spacing'>;

/** How tall a pixel is for its width; pixels needn't be square. */
const aspect = (plane: Sized): number => (plane.spacing ? plane.spacing[0] / plane.spacing[1] : 1);

export function place(plane: Sized, view: View, width: number, height: number): Placing {
  const tall = plane.height * aspect(plane);
  const scaleX = Math.min(width / plane.width, height / tall) * view.zoom;
  const scaleY = scaleX * aspect(plane);
  return {
    scaleX,
    scaleY,
    left: (width - plane.width * scaleX) / 2 + view.panX,
    top: (height - plane.height * scaleY) / 2 + view.panY,
  };
}

export const toImage = (at: Point, p: Placing): Point => ({ x: (at.x - p.left) / p.scaleX, y: (at.y - p.top) / p.scaleY });
export const toScreen = (at: Point, p: Placing): Point => ({ x: p.left + at.x * p.scaleX, y: p.top + at.y * p.scaleY });

/** Zooms by a factor and keeps the picture under `at` (from the middle of the pane) where it is. */
export function zoomed(view: View, factor: number, at: Point = { x: 0, y: 0 }): View {
  const zoom = Math.min(MAX_ZOOM, Math.max(MIN_ZOOM, view.zoom * factor));
  const real = zoom / view.zoom;
  return { zoom, panX: at.x - (at.x - view.panX) * real, panY: at.y - (at.y - view.panY) * real };
}

export const panned = (view: View, x: number, y: number): View => ({ ...view, panX: view.panX + x, panY: view.panY + y });

export interface Line {
  readonly from: Point;
  readonly to: Point;
}

/** The length of a line in mm; spacing is [between rows, between columns]. */
export const millimetres = ({ from, to }: Line, [rows, columns]: readonly [number, number]): number =>
  Math.hypot((to.x - from.x) * columns, (to.y - from.y) * rows);

const ROUND = [1, 2, 5, 10, 20, 50, 100, 200, 500];

/** The longest round length (mm) whose bar isn't wider than `room` screen pixels. */
export function scaleBar(plane: Sized, placing: Placing, room: number): { mm: number; pixels: number } | null {
  if (!plane.spacing) return null;
  const perMm = placing.scaleX / plane.spacing[1];
  const mm = ROUND.findLast((length) => length * perMm <= room);
  return mm === undefined ? null : { mm, pixels: mm * perMm };
}
