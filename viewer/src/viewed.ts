// Tells the server what was on the screen, in batches, so that the ledger has one entry and not a thousand.

import type { Ending } from './loader';
import { checked, Ended } from './loader';

export interface ViewedEntry {
  readonly series: string;
  /** how many frames came on the screen for the first time since the last report */
  readonly frames: number;
  /** the same frames as [first, last] pairs of positions in the series' list, from 0 */
  readonly ranges: readonly (readonly [number, number])[];
}

/** Neighbours as ranges: 3, 1, 2, 7 become [1, 3], [7, 7]. */
export function rangesOf(frames: Iterable<number>): [number, number][] {
  const ranges: [number, number][] = [];
  for (const frame of [...new Set(frames)].sort((a, b) => a - b)) {
    const last = ranges.at(-1);
    if (last && frame === last[1] + 1) last[1] = frame;
    else ranges.push([frame, frame]);
  }
  return ranges;
}

export type Post = (entries: ViewedEntry[], leaving: boolean) => Promise<void>;

/** Keeps what was seen until the server has said that it is recorded. */
export class Viewed {
  private readonly told = new Map<string, Set<number>>();
  private fresh = new Map<string, Set<number>>();
  private sending = false;

  constructor(
    private readonly post: Post,
    private readonly ended: (ending: Ending) => void,
  ) {}

  note(series: string, frame: number): void {
    if (this.told.get(series)?.has(frame)) return;
    const frames = this.fresh.get(series) ?? new Set();
    this.fresh.set(series, frames.add(frame));
  }

  /** Sends what is new. What could not be sent is kept for the next time. */
  async flush(leaving = false): Promise<void> {
    if (this.fresh.size === 0 || (this.sending && !leaving)) return;
    const batch = this.fresh;
    this.fresh = new Map();
    for (const [series, frames] of batch) this.told.set(series, new Set([...(this.told.get(series) ?? []), ...frames]));
    this.sending = true;
    try {
      await this.post(entriesOf(batch), leaving);
    } catch (error) {
      this.takeBack(batch);
      if (error instanceof Ended) this.ended(error.ending);
    } finally {
      this.sending = false;
    }
  }

  private takeBack(batch: Map<string, Set<number>>): void {
    for (const [series, frames] of batch) {
      for (const frame of frames) {
        this.told.get(series)?.delete(frame);
        this.note(series, frame);
      }
    }
  }
}

function entriesOf(batch: Map<string, Set<number>>): ViewedEntry[] {
  return [...batch].map(([series, frames]) => ({ series, frames: frames.size, ranges: rangesOf(frames) }));
}

/** A post that outlives the page. The mode stays "cors": only then the browser sends Origin in spite of no-referrer. */
export const postTo =
  (url: string): Post =>
  async (entries, leaving) => {
    const response = await fetch(url, {
      method: 'POST',
      body: JSON.stringify({ viewed: entries }),
      headers: { 'Content-Type': 'application/json', 'X-CSRFToken': csrfToken() },
      credentials: 'same-origin',
      redirect: 'manual',
      keepalive: leaving,
    });
    checked(response);
  };

export function csrfToken(): string {
  const meta = document.querySelector<HTMLMetaElement>('meta[name="csrftoken"]')?.content;
  const field = document.querySelector<HTMLInputElement>('input[name="csrfmiddlewaretoken"]')?.value;
  const cookie = /(?:^|;\s*)csrftoken=([^;]+)/.exec(document.cookie)?.[1];
  return meta || field || cookie || '';
}
