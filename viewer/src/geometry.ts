// Where a picture lies in the patient: DICOM patient coordinates, +x to the left (L), +y to the back (P), +z to the head (H).

import type { FrameInfo } from './data';

export type Vector = readonly [number, number, number];

export const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const minus = (a: Vector, b: Vector): Vector => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const scaled = (a: Vector, by: number): Vector => [a[0] * by, a[1] * by, a[2] * by];
export const length = (a: Vector): number => Math.hypot(...a);
export const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

const LETTERS = [['L', 'R'], ['P', 'A'], ['H', 'F']] as const;
const OBLIQUE = 0.4; // a second letter is shown from about 24 degrees on

/** The side of the patient that a direction points to: "L", or "LA" when it's oblique. */
export function letters(direction: Vector): string {
  return [0, 1, 2]
    .map((axis) => ({ axis, size: Math.abs(direction[axis as 0]) }))
    .sort((a, b) => b.size - a.size)
    .filter(({ size }, rank) => rank === 0 || (rank === 1 && size > OBLIQUE))
    .map(({ axis }) => LETTERS[axis as 0][direction[axis as 0] > 0 ? 0 : 1])
    .join('');
}

/** Why three planes can't be made of a series; each has a sentence of its own. */
export type Unfit = 'few' | 'mixed' | 'unplaced' | 'uneven' | 'tilted' | 'oblique';

/** A box of voxels. Axis 0 runs along a row, 1 down a column, 2 through the slices. */
export interface Box {
  readonly size: readonly [number, number, number];
  /** mm between neighbours along each axis */
  readonly spacing: readonly [number, number, number];
  /** unit vectors of the axes in patient coordinates */
  readonly axes: readonly [Vector, Vector, Vector];
  /** the centre of voxel (0, 0, 0) */
  readonly origin: Vector;
  /** frame index of each slice, in order along axis 2 */
  readonly order: readonly number[];
}

const MIN_SLICES = 8;
const EVEN = 0.02; // of the spacing
const TILT = Math.cos(Math.PI / 180); // one degree

/** The box that the frames fill, or the reason why they don't fill one. */
export function boxOf(frames: readonly FrameInfo[]): Box | Unfit {
  const first = frames[0];
  if (!first || frames.length < MIN_SLICES) return 'few';
  if (!first.imageOrientation || !first.pixelSpacing || !first.imagePosition) return 'unplaced';
  if (!frames.every((frame) => alike(frame, first))) return 'mixed';
  if (!frames.every((frame) => frame.imagePosition)) return 'unplaced';
  const [row, column] = first.imageOrientation;
  const normal = cross(row, column);
  const depth = frames.map((frame) => dot(frame.imagePosition!, normal));
  const order = frames.map((_, index) => index).sort((a, b) => depth[a]! - depth[b]!);
  const low = frames[order[0]!]!.imagePosition!;
  const path = minus(frames[order.at(-1)!]!.imagePosition!, low);
  const gap = (depth[order.at(-1)!]! - depth[order[0]!]!) / (frames.length - 1);
  if (gap <= 0 || order.some((frame, k) => Math.abs(depth[frame]! - depth[order[0]!]! - k * gap) > EVEN * gap + 0.005)) return 'uneven';
  if (dot(path, normal) / length(path) < TILT) return 'tilted';
  const [between, along] = first.pixelSpacing;
  return {
    size: [first.columns, first.rows, frames.length],
    spacing: [along, between, gap],
    axes: [row, column, normal],
    origin: low,
    order,
  };
}

function alike(a: FrameInfo, b: FrameInfo): boolean {
  const near = (p: readonly number[] | null, q: readonly number[] | null, within: number): boolean =>
    !!p && !!q && p.every((value, index) => Math.abs(value - q[index]!) <= within);
  return (
    a.rows === b.rows && a.columns === b.columns && a.samplesPerPixel === 1 && b.samplesPerPixel === 1 &&
    a.bitsAllocated === 16 && b.bitsAllocated === 16 && a.signed === b.signed && a.photometric === b.photometric &&
    a.slope === b.slope && a.intercept === b.intercept && a.frameOfReference === b.frameOfReference &&
    near(a.pixelSpacing, b.pixelSpacing, 1e-4) &&
    near(a.imageOrientation?.flat() ?? null, b.imageOrientation?.flat() ?? null, 1e-3)
  );
}

export type PlaneName = 'axial' | 'coronal' | 'sagittal';

/** How one anatomical plane walks through the box: which box axis goes right, down and deep, and in which sense. */
export interface Walk {
  readonly across: number;
  readonly acrossSign: 1 | -1;
  readonly down: number;
  readonly downSign: 1 | -1;
  readonly through: number;
  readonly throughSign: 1 | -1;
}

// Screen right, screen down and the order of slices as radiologists hang them: [patient axis, sense].
const HANGING: Record<PlaneName, readonly [readonly [number, 1 | -1], readonly [number, 1 | -1], readonly [number, 1 | -1]]> = {
  axial: [[0, 1], [1, 1], [2, -1]],
  coronal: [[0, 1], [2, -1], [1, 1]],
  sagittal: [[1, 1], [2, -1], [0, 1]],
};

/** The walk of a plane through a box, or null when the box lies too obliquely for the plane's name to be true. */
export function walkOf(box: Box, plane: PlaneName): Walk | null {
  const axisOf = [0, 1, 2].map((patient) => box.axes.findIndex((axis) => Math.abs(axis[patient as 0]) > 0.8));
  if (axisOf.includes(-1)) return null;
  const [right, down, deep] = HANGING[plane].map(([patient, sense]) => {
    const axis = axisOf[patient]!;
    return { axis, sign: (box.axes[axis as 0][patient as 0] > 0 ? sense : -sense) as 1 | -1 };
  }) as [Turn, Turn, Turn];
  return {
    across: right.axis, acrossSign: right.sign, down: down.axis, downSign: down.sign,
    through: deep.axis, throughSign: deep.sign,
  };
}

interface Turn {
  readonly axis: number;
  readonly sign: 1 | -1;
}
