// Fetches a whole series into the box that the three planes are cut from.

import type { Series } from './data';
import { boxOf, type PlaneName, type Unfit } from './geometry';
import type { Loader } from './loader';
import { PlaneStack } from './stack';
import { thinning, Volume } from './volume';
import type { Window } from './window';

export const PLANE_NAMES: readonly PlaneName[] = ['axial', 'coronal', 'sagittal'];
const PARALLEL = 4;

export interface ThreePlanes {
  readonly stacks: readonly PlaneStack[];
  readonly thinned: boolean;
}

/** Why a series has no three planes, or null when it has. */
export function unfit(series: Series): Unfit | null {
  const box = boxOf(series.frames);
  if (typeof box === 'string') return box;
  const volume = new Volume({ ...box, size: [1, 1, 1] }, series.frames[0]!, 1);
  return PLANE_NAMES.every((name) => volume.walk(name)) ? null : 'oblique';
}

/** Raises what the loader raises; resolves to null when `stop` is aborted. */
export async function buildPlanes(
  series: Series, loader: Loader, budget: number, progress: (loaded: number) => void, stop: AbortSignal,
): Promise<ThreePlanes | null> {
  const box = boxOf(series.frames);
  if (typeof box === 'string') return null;
  const step = thinning(box, budget);
  const volume = new Volume(box, series.frames[0]!, step);
  const waiting = [...series.frames.keys()];
  let loaded = 0;
  const work = async (): Promise<void> => {
    for (let index = waiting.shift(); index !== undefined && !stop.aborted; index = waiting.shift()) {
      volume.put(index, (await loader.load(series, index)).samples);
      progress(++loaded);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, work));
  if (stop.aborted) return null;
  const recorded = recordedOf(series);
  const stacks = PLANE_NAMES.map((name) => new PlaneStack(series, name, volume, volume.walk(name)!, recorded));
  return { stacks, thinned: step > 1 };
}

function recordedOf(series: Series): Window | null {
  const { windowCenter: center, windowWidth: width } = series.frames[Math.floor(series.frames.length / 2)]!;
  return center !== null && width !== null && width >= 1 ? { center, width } : null;
}
