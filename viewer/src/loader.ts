// Fetches frames: the one in sight first, then its neighbours, within a bounded memory. Stops for good when access ends.

import type { FrameInfo, Series } from './data';
import { planeOf, WrongLength, type Plane } from './plane';

/** Why nothing more is shown. */
export type Ending = 'signed-out' | 'gone';

export class Ended extends Error {
  constructor(readonly ending: Ending) {
    super(ending);
  }
}

/** Where bytes come from: the server, or files beside an offline page. */
export interface FrameSource {
  fetch(url: string, signal: AbortSignal): Promise<ArrayBuffer>;
}

export const endingOf = (status: number): Ending | null =>
  status === 401 ? 'signed-out' : status === 403 || status === 404 || status === 410 ? 'gone' : null;

/** Throws Ended when the answer says that access is over, and a plain Error when it's worth another try. */
export function checked(response: Response): Response {
  // A redirect can only be the sign-in page; it's never followed.
  const ending = response.type === 'opaqueredirect' ? 'signed-out' : endingOf(response.status);
  if (ending) throw new Ended(ending);
  if (!response.ok) throw new Error(`the server answered ${response.status}`);
  return response;
}

export const serverSource: FrameSource = {
  async fetch(url, signal) {
    const response = await fetch(url, { signal, redirect: 'manual', cache: 'no-store', credentials: 'same-origin' });
    return checked(response).arrayBuffer();
  },
};

export interface LoaderEvents {
  loaded(series: Series, index: number): void;
  failed(series: Series, index: number): void;
  ended(ending: Ending): void;
}

interface Flight {
  /** asked for by name, not just a neighbour: it's never given up for another */
  readonly asked: boolean;
  readonly control: AbortController;
  readonly done: Promise<Plane>;
}

const PARALLEL = 5;
const TRIES = 3;
const PAUSE = 400; // ms before the second try; doubles

export class Loader {
  private readonly planes = new Map<FrameInfo, Plane>();
  private readonly broken = new Set<FrameInfo>();
  private readonly flights = new Map<FrameInfo, Flight>();
  private readonly stop = new AbortController();
  private used = 0;
  private series: Series | null = null;
  private at = 0;
  private forward = true;

  constructor(
    private readonly source: FrameSource,
    private readonly budget: number,
    private readonly reach: number,
    private readonly events: LoaderEvents,
    private readonly pause = PAUSE,
  ) {}

  get(info: FrameInfo): Plane | undefined {
    return this.planes.get(info);
  }

  isBroken(info: FrameInfo): boolean {
    return this.broken.has(info);
  }

  /** How many frames of a series are in memory. */
  count(series: Series): number {
    return series.frames.reduce((sum, info) => sum + (this.planes.has(info) ? 1 : 0), 0);
  }

  /** Bytes held. */
  get bytes(): number {
    return this.used;
  }

  /** Whether nothing is on its way. */
  get idle(): boolean {
    return this.flights.size === 0;
  }

  /** Says what is looked at; fetching follows. */
  focus(series: Series, index: number): void {
    if (series === this.series && index !== this.at) this.forward = index > this.at;
    this.series = series;
    this.at = index;
    const info = series.frames[index]!;
    if (!this.planes.has(info) && !this.flights.has(info)) this.makeWay();
    this.pump();
  }

  retry(info: FrameInfo): void {
    this.broken.delete(info);
    this.pump();
  }

  /** Fetches one frame for another use (a thumbnail, the three planes); it's kept only if there is room. */
  async load(series: Series, index: number): Promise<Plane> {
    const info = series.frames[index]!;
    return this.planes.get(info) ?? (this.flights.get(info) ?? this.launch(series, index, true)).done;
  }

  end(): void {
    this.stop.abort();
    for (const flight of this.flights.values()) flight.control.abort();
    this.flights.clear();
    this.planes.clear();
    this.used = 0;
  }

  /** The frames to have, nearest first, the way that the reader moves first. */
  private *wanted(): Generator<number> {
    const { series, at } = this;
    if (!series) return;
    const last = series.frames.length - 1;
    yield at;
    for (let step = 1; step <= Math.min(this.reach, last); step++) {
      const [one, other] = this.forward ? [at + step, at - step] : [at - step, at + step];
      if (one >= 0 && one <= last) yield one;
      if (other >= 0 && other <= last) yield other;
    }
  }

  private pump(): void {
    const { series } = this;
    if (!series || this.stop.signal.aborted) return;
    let room = this.budget;
    for (const index of this.wanted()) {
      if (this.flights.size >= PARALLEL && index !== this.at) return;
      const info = series.frames[index]!;
      room -= bytesOf(info);
      if (room < 0 && index !== this.at) return;
      if (!this.planes.has(info) && !this.flights.has(info) && !this.broken.has(info)) this.launch(series, index);
    }
  }

  /** When every place is taken, what was least wanted gives way to the frame in sight. */
  private makeWay(): void {
    if (this.flights.size < PARALLEL) return;
    [...this.flights.values()].findLast((flight) => !flight.asked)?.control.abort();
  }

  private launch(series: Series, index: number, asked = false): Flight {
    const info = series.frames[index]!;
    const control = new AbortController();
    const done = this.attempt(info, control.signal);
    const flight = { asked, control, done };
    this.flights.set(info, flight);
    done.then(
      (plane) => this.landed(series, index, plane),
      (error: unknown) => this.crashed(series, index, control.signal.aborted, error),
    );
    return flight;
  }

  private async attempt(info: FrameInfo, signal: AbortSignal): Promise<Plane> {
    for (let tries = 1; ; tries++) {
      try {
        return planeOf(info, await this.source.fetch(info.url, signal));
      } catch (error) {
        if (signal.aborted || error instanceof Ended || error instanceof WrongLength || tries === TRIES) throw error;
        await new Promise((resolve) => setTimeout(resolve, this.pause * 2 ** (tries - 1)));
        if (signal.aborted) throw error;
      }
    }
  }

  private landed(series: Series, index: number, plane: Plane): void {
    if (this.stop.signal.aborted) return;
    const info = series.frames[index]!;
    this.flights.delete(info);
    this.planes.set(info, plane);
    this.used += plane.samples.byteLength;
    this.makeRoom();
    this.events.loaded(series, index);
    this.pump();
  }

  private crashed(series: Series, index: number, aborted: boolean, error: unknown): void {
    if (this.stop.signal.aborted) return;
    const info = series.frames[index]!;
    this.flights.delete(info);
    if (error instanceof Ended) {
      this.end();
      this.events.ended(error.ending);
      return;
    }
    if (!aborted) {
      this.broken.add(info);
      this.events.failed(series, index);
    }
    this.pump();
  }

  /** Forgets what lies farthest from the frame in sight; other series first. */
  private makeRoom(): void {
    if (this.used <= this.budget) return;
    const place = new Map(this.series?.frames.map((info, index) => [info, Math.abs(index - this.at)]));
    const far = [...this.planes.keys()].sort((a, b) => (place.get(b) ?? Infinity) - (place.get(a) ?? Infinity));
    for (const info of far) {
      if (this.used <= this.budget || place.get(info) === 0) return;
      this.used -= this.planes.get(info)!.samples.byteLength;
      this.planes.delete(info);
    }
  }
}

const bytesOf = (info: FrameInfo): number => (info.rows * info.columns * info.samplesPerPixel * info.bitsAllocated) / 8;
