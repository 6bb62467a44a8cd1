// What the server tells about a study, checked on the way in (docs/reference/viewer-data.md).

import type { Vector } from './geometry';

/** Everything that is needed to show one frame. Lengths in mm, DICOM patient coordinates (L, P, H). */
export interface FrameInfo {
  readonly url: string;
  readonly rows: number;
  readonly columns: number;
  readonly bitsAllocated: 8 | 16 | 32;
  readonly signed: boolean;
  readonly samplesPerPixel: 1 | 3;
  readonly photometric: string;
  readonly slope: number;
  readonly intercept: number;
  readonly windowCenter: number | null;
  readonly windowWidth: number | null;
  /** [between rows, between columns], or null when the file doesn't say. */
  readonly pixelSpacing: readonly [number, number] | null;
  readonly imagePosition: Vector | null;
  readonly imageOrientation: readonly [Vector, Vector] | null;
  readonly sliceThickness: number | null;
  readonly frameOfReference: string | null;
}

export interface Series {
  readonly id: string;
  readonly label: string;
  readonly modality: string;
  readonly frames: readonly FrameInfo[];
}

export interface StudyData {
  readonly label: string;
  readonly date: string;
  readonly series: readonly Series[];
}

export class BadData extends Error {}

type Json = Record<string, unknown>;
type Lookup = (key: string) => unknown;

const MAX_FRAMES = 20_000;
const MAX_SIDE = 16_384;

export function readStudy(json: unknown): StudyData {
  const root = object(json, 'viewer data');
  if (root['version'] !== 1) throw new BadData('viewer data: version 1 is expected');
  const study = object(root['study'], 'study');
  const series = list(root['series'], 'series').map(readSeries);
  return { label: text(study['label']), date: text(study['date']), series: series.filter((s) => s.frames.length > 0) };
}

function readSeries(json: unknown): Series {
  const from = object(json, 'series');
  const base = text(from['base']);
  const names = list(from['frames'], 'frames');
  if (names.length > MAX_FRAMES) throw new BadData('frames: more than can be shown');
  const shared = object(from['shared'] ?? {}, 'shared');
  const each = object(from['each'] ?? {}, 'each');
  for (const [key, values] of Object.entries(each)) {
    if (list(values, key).length !== names.length) throw new BadData(`${key}: one value per frame is expected`);
  }
  const frames = names.map((name, index) => {
    const lookup: Lookup = (key) => (key in each ? (each[key] as unknown[])[index] : shared[key]);
    return readFrame(base + text(name), lookup);
  });
  return { id: text(from['id']), label: text(from['label']), modality: text(from['modality']), frames };
}

function readFrame(url: string, get: Lookup): FrameInfo {
  const bits = get('bitsAllocated') ?? 16;
  const samples = get('samplesPerPixel') ?? 1;
  if (bits !== 8 && bits !== 16 && bits !== 32) throw new BadData('bitsAllocated: 8, 16 or 32 is expected');
  if (samples !== 1 && !(samples === 3 && bits === 8)) throw new BadData('samplesPerPixel: 1, or 3 of 8 bits, is expected');
  return {
    url,
    rows: side(get('rows'), 'rows'),
    columns: side(get('columns'), 'columns'),
    bitsAllocated: bits,
    signed: get('signed') === true,
    samplesPerPixel: samples,
    photometric: text(get('photometric') ?? 'MONOCHROME2'),
    slope: number(get('slope')) || 1,
    intercept: number(get('intercept')) ?? 0,
    windowCenter: number(get('windowCenter')),
    windowWidth: number(get('windowWidth')),
    pixelSpacing: spacing(numbers(get('pixelSpacing'), 2)),
    imagePosition: numbers(get('imagePosition'), 3) as Vector | null,
    imageOrientation: orientation(numbers(get('imageOrientation'), 6)),
    sliceThickness: number(get('sliceThickness')),
    frameOfReference: typeof get('frameOfReference') === 'string' ? (get('frameOfReference') as string) : null,
  };
}

function spacing(pair: number[] | null): [number, number] | null {
  return pair && pair[0]! > 0 && pair[1]! > 0 ? [pair[0]!, pair[1]!] : null;
}

/** The two direction cosines of PS3.3 C.7.6.2.1.1; null unless they're unit vectors at right angles. */
function orientation(six: number[] | null): [Vector, Vector] | null {
  if (!six) return null;
  const [a, b, c, d, e, f] = six as [number, number, number, number, number, number];
  const unit = Math.abs(Math.hypot(a, b, c) - 1) < 0.01 && Math.abs(Math.hypot(d, e, f) - 1) < 0.01;
  return unit && Math.abs(a * d + b * e + c * f) < 0.01 ? [[a, b, c], [d, e, f]] : null;
}

function object(value: unknown, what: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new BadData(`${what}: an object is expected`);
  return value as Json;
}

function list(value: unknown, what: string): unknown[] {
  if (!Array.isArray(value)) throw new BadData(`${what}: a list is expected`);
  return value;
}

function side(value: unknown, what: string): number {
  if (!Number.isInteger(value) || (value as number) < 1 || (value as number) > MAX_SIDE) {
    throw new BadData(`${what}: a whole number from 1 to ${MAX_SIDE} is expected`);
  }
  return value as number;
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '');
const number = (value: unknown): number | null => (typeof value === 'number' && Number.isFinite(value) ? value : null);

function numbers(value: unknown, length: number): number[] | null {
  return Array.isArray(value) && value.length === length && value.every((n) => number(n) !== null) ? (value as number[]) : null;
}
