// A picture in memory, wherever it came from (a frame or a cut through the box), and how it's painted.

import type { FrameInfo } from './data';
import type { Vector } from './geometry';
import { greyTable, windowAround, type Tone, type Window } from './window';

export type Samples = Uint8Array | Int8Array | Uint16Array | Int16Array | Uint32Array | Int32Array;

export interface Plane {
  readonly width: number;
  readonly height: number;
  /** stored values, row by row; three per pixel when `colour` */
  readonly samples: Samples;
  readonly colour: boolean;
  /** MONOCHROME1: the lowest value is white */
  readonly whiteLow: boolean;
  readonly slope: number;
  readonly intercept: number;
  /** the window that the scanner recorded */
  readonly recorded: Window | null;
  /** mm [between rows, between columns] */
  readonly spacing: readonly [number, number] | null;
  /** unit vectors to the right and down, in patient coordinates */
  readonly directions: readonly [Vector, Vector] | null;
}

export class WrongLength extends Error {}

/** Views raw little-endian bytes as a plane without copying them. */
export function planeOf(info: FrameInfo, bytes: ArrayBuffer): Plane {
  const expected = (info.rows * info.columns * info.samplesPerPixel * info.bitsAllocated) / 8;
  if (bytes.byteLength !== expected) throw new WrongLength('the frame has another length than its size says');
  const { windowCenter: center, windowWidth: width } = info;
  return {
    width: info.columns,
    height: info.rows,
    samples: samplesOf(info, bytes),
    colour: info.samplesPerPixel === 3,
    whiteLow: info.photometric === 'MONOCHROME1',
    slope: info.slope,
    intercept: info.intercept,
    recorded: center !== null && width !== null && width >= 1 ? { center, width } : null,
    spacing: info.pixelSpacing,
    directions: info.imageOrientation,
  };
}

export function samplesOf(info: Pick<FrameInfo, 'bitsAllocated' | 'signed'>, bytes: ArrayBuffer): Samples {
  if (info.bitsAllocated === 8) return info.signed ? new Int8Array(bytes) : new Uint8Array(bytes);
  if (info.bitsAllocated === 16) return info.signed ? new Int16Array(bytes) : new Uint16Array(bytes);
  return info.signed ? new Int32Array(bytes) : new Uint32Array(bytes);
}

/** Lowest and highest stored value. */
export function rangeOf(samples: Samples): [number, number] {
  let low = Infinity;
  let high = -Infinity;
  for (let index = 0; index < samples.length; index++) {
    const value = samples[index]!;
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** The window a plane opens with: the recorded one, else all of its values. */
export function openingWindow(plane: Plane): Window {
  if (plane.recorded) return plane.recorded;
  const [low, high] = rangeOf(plane.samples).map((value) => value * plane.slope + plane.intercept) as [number, number];
  return windowAround(Math.min(low, high), Math.max(low, high));
}

/** Paints every pixel of the plane, one image pixel per plane pixel. */
export function paint(plane: Plane, window: Window, inverted: boolean, into: ImageData): void {
  const out = new Uint32Array(into.data.buffer);
  if (plane.colour) paintColour(plane.samples, inverted, out);
  else paintGrey(plane, { ...plane, window, inverted: inverted !== plane.whiteLow }, out);
}

function paintColour(rgb: Samples, inverted: boolean, out: Uint32Array): void {
  const flip = inverted ? 0x00ffffff : 0;
  for (let pixel = 0, at = 0; pixel < out.length; pixel++, at += 3) {
    out[pixel] = ((0xff000000 | (rgb[at + 2]! << 16) | (rgb[at + 1]! << 8) | rgb[at]!) ^ flip) >>> 0;
  }
}

let kept: { key: string; table: Uint32Array } = { key: '', table: new Uint32Array() };

function paintGrey(plane: Plane, tone: Tone, out: Uint32Array): void {
  const { samples } = plane;
  const bytes = samples.BYTES_PER_ELEMENT;
  if (bytes === 4) return paintWide(samples, tone, out);
  const signed = samples instanceof Int16Array || samples instanceof Int8Array;
  const count = bytes === 1 ? 256 : 65536;
  const low = signed ? -count / 2 : 0;
  const key = [low, count, tone.slope, tone.intercept, tone.inverted, tone.window.center, tone.window.width].join();
  if (kept.key !== key) kept = { key, table: greyTable(low, low + count - 1, tone) };
  const { table } = kept;
  for (let pixel = 0; pixel < out.length; pixel++) out[pixel] = table[samples[pixel]! - low]!;
}

/** 32-bit values have no table of their own: squeeze them into 4,096 steps over the window. */
function paintWide(samples: Samples, tone: Tone, out: Uint32Array): void {
  const steps = 4096;
  const low = tone.window.center - tone.window.width / 2;
  const step = tone.window.width / steps;
  const table = greyTable(0, steps, { ...tone, slope: step, intercept: low });
  for (let pixel = 0; pixel < out.length; pixel++) {
    const at = Math.round((samples[pixel]! * tone.slope + tone.intercept - low) / step);
    out[pixel] = table[at < 0 ? 0 : at > steps ? steps : at]!;
  }
}
