// What a pane scrolls through: the frames of a series, or the cuts of one plane.

import type { Series } from './data';
import type { PlaneName, Walk } from './geometry';
import type { Loader } from './loader';
import type { Plane } from './plane';
import type { Volume } from './volume';
import type { Window } from './window';

export interface Stack {
  /** names the measurements that belong to it */
  readonly id: string;
  readonly count: number;
  get(index: number): Plane | undefined;
  isBroken(index: number): boolean;
  retry(index: number): void;
  /** the reader is here now */
  focus(index: number): void;
  /** frames that are on the screen when this index is shown */
  framesShown(index: number): Iterable<number>;
}

export class FrameStack implements Stack {
  readonly id: string;
  readonly count: number;

  constructor(
    readonly series: Series,
    private readonly loader: Loader,
  ) {
    this.id = series.id;
    this.count = series.frames.length;
  }

  get(index: number): Plane | undefined {
    return this.loader.get(this.series.frames[index]!);
  }

  isBroken(index: number): boolean {
    return this.loader.isBroken(this.series.frames[index]!);
  }

  retry(index: number): void {
    this.loader.retry(this.series.frames[index]!);
  }

  focus(index: number): void {
    this.loader.focus(this.series, index);
  }

  framesShown(index: number): Iterable<number> {
    return [index];
  }
}

export class PlaneStack implements Stack {
  readonly id: string;
  readonly count: number;
  private last: { index: number; plane: Plane } | null = null;

  constructor(
    readonly series: Series,
    readonly name: PlaneName,
    private readonly volume: Volume,
    readonly walk: Walk,
    private readonly recorded: Window | null,
  ) {
    this.id = `${series.id} ${name}`;
    this.count = volume.size[walk.through as 0];
  }

  get(index: number): Plane {
    if (this.last?.index !== index) {
      this.last = { index, plane: { ...this.volume.cut(this.walk, index), recorded: this.recorded } };
    }
    return this.last.plane;
  }

  isBroken(): boolean {
    return false;
  }

  retry(): void {}

  focus(): void {}

  framesShown(): Iterable<number> {
    return this.series.frames.keys();
  }

  /** The voxel along this plane's own depth. */
  depthOf(index: number): number {
    return this.walk.throughSign > 0 ? index : this.count - 1 - index;
  }

  /** Where another plane of the same box crosses this one: an image coordinate across or down. */
  crossing(other: PlaneStack, index: number): { vertical: boolean; at: number } {
    const { walk } = this;
    const vertical = other.walk.through === walk.across;
    const sign = vertical ? walk.acrossSign : walk.downSign;
    const voxel = other.depthOf(index);
    return { vertical, at: (sign > 0 ? voxel : other.count - 1 - voxel) + 0.5 };
  }

  /** The index of another plane that goes through an image point of this one. */
  indexOn(other: PlaneStack, x: number, y: number): number {
    const { walk } = this;
    const vertical = other.walk.through === walk.across;
    const at = Math.min(other.count - 1, Math.max(0, Math.floor(vertical ? x : y)));
    const sign = vertical ? walk.acrossSign : walk.downSign;
    return other.depthOf(sign > 0 ? at : other.count - 1 - at);
  }
}
