// The box of voxels behind the three planes.

import type { FrameInfo } from './data';
import { scaled, walkOf, type Box, type PlaneName, type Walk } from './geometry';
import type { Plane, Samples } from './plane';

/** Every n-th pixel of a row and column is kept, so that the box fits the memory; slices are never left out. */
export function thinning(box: Box, budget: number): number {
  const bytes = box.size[0] * box.size[1] * box.size[2] * 2;
  let step = 1;
  while (bytes / (step * step) > budget && step < 8) step *= 2;
  return step;
}

export class Volume {
  readonly size: readonly [number, number, number];
  private readonly voxels: Int16Array | Uint16Array;
  private readonly slot: Map<number, number>;

  constructor(
    readonly box: Box,
    private readonly info: FrameInfo,
    readonly step: number,
  ) {
    this.size = [Math.floor(box.size[0] / step), Math.floor(box.size[1] / step), box.size[2]];
    const count = this.size[0] * this.size[1] * this.size[2];
    this.voxels = info.signed ? new Int16Array(count) : new Uint16Array(count);
    this.slot = new Map(box.order.map((frame, slice) => [frame, slice]));
  }

  /** Puts the frame where it lies; its mean over step x step pixels when the box is thinned. */
  put(frame: number, samples: Samples): void {
    const slice = this.slot.get(frame);
    if (slice === undefined) return;
    const [across, down] = this.size;
    const start = slice * across * down;
    if (this.step === 1) this.voxels.set(samples, start);
    else this.putThinned(start, samples);
  }

  private putThinned(start: number, samples: Samples): void {
    const [across, down] = this.size;
    const { step } = this;
    const columns = this.box.size[0];
    for (let y = 0; y < down; y++) {
      for (let x = 0; x < across; x++) {
        let sum = 0;
        for (let v = 0; v < step; v++) {
          for (let u = 0; u < step; u++) sum += samples[(y * step + v) * columns + x * step + u]!;
        }
        this.voxels[start + y * across + x] = Math.round(sum / (step * step));
      }
    }
  }

  /** mm between kept voxels along each axis of the box */
  get spacing(): readonly [number, number, number] {
    const [x, y, z] = this.box.spacing;
    return [x * this.step, y * this.step, z];
  }

  walk(plane: PlaneName): Walk | null {
    return walkOf(this.box, plane);
  }

  /** Cuts one slice of a plane; `index` counts in the order in which the plane is read. */
  cut(walk: Walk, index: number): Plane {
    const strides = [1, this.size[0], this.size[0] * this.size[1]];
    const width = this.size[walk.across]!;
    const height = this.size[walk.down]!;
    const right = strides[walk.across]! * walk.acrossSign;
    const below = strides[walk.down]! * walk.downSign;
    const begin = (axis: number, sign: number, at: number): number =>
      (sign > 0 ? at : this.size[axis]! - 1 - at) * strides[axis]!;
    const corner =
      begin(walk.across, walk.acrossSign, 0) + begin(walk.down, walk.downSign, 0) + begin(walk.through, walk.throughSign, index);
    const samples = this.info.signed ? new Int16Array(width * height) : new Uint16Array(width * height);
    for (let y = 0, to = 0; y < height; y++) {
      for (let x = 0, from = corner + y * below; x < width; x++, from += right) samples[to++] = this.voxels[from]!;
    }
    const { axes } = this.box;
    return {
      width,
      height,
      samples,
      colour: false,
      whiteLow: this.info.photometric === 'MONOCHROME1',
      slope: this.info.slope,
      intercept: this.info.intercept,
      recorded: null,
      spacing: [this.spacing[walk.down]!, this.spacing[walk.across]!],
      directions: [scaled(axes[walk.across as 0], walk.acrossSign), scaled(axes[walk.down as 0], walk.downSign)],
    };
  }
}
