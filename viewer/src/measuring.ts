// Lengths: drawn with a pointer or set with the keyboard, and kept with the picture that they were made on.

import type { Pane } from './pane';
import type { Plane } from './plane';
import type { Stack } from './stack';
import { filled, type Words } from './strings';
import { millimetres, toImage, type Line, type Point } from './view';

export interface MeasuringEvents {
  /** the length in mm, or null when it was taken back */
  measured(mm: number | null): void;
  tell(sentence: string): void;
  say(sentence: string): void;
}

const FAR = 10; // image pixels per arrow key with Shift

export class Measuring {
  private readonly lines = new Map<string, Line[]>();
  private readonly history: string[] = [];
  private start: Point | null = null;

  constructor(
    private readonly words: Words,
    private readonly events: MeasuringEvents,
  ) {}

  on(stack: Stack, index: number): Line[] {
    return this.lines.get(`${stack.id} ${index}`) ?? [];
  }

  /** False, with the reason told, when the picture doesn't say how large its pixels are. */
  allowed(plane: Plane): boolean {
    if (plane.spacing) return true;
    this.events.tell(this.words.noSpacing);
    this.events.say(this.words.noSpacing);
    return false;
  }

  begin(plane: Plane): void {
    if (!this.allowed(plane)) return;
    this.events.tell(this.words.measureHint);
    this.events.say(`${this.words.measureHint} ${this.words.measureKeys}`);
  }

  /** From and to in screen pixels of the pane. */
  drag(pane: Pane, from: Point, to: Point, done: boolean): void {
    const { plane } = pane;
    if (!plane || !this.allowed(plane)) return;
    const at = pane.placing(plane);
    const line = { from: toImage(from, at), to: toImage(to, at) };
    pane.draft = done ? null : line;
    if (done) this.keep(pane, plane, line);
    pane.refresh();
  }

  /** Moves the cross; it comes with the first arrow key, because a mouse doesn't need it. */
  nudge(pane: Pane, x: number, y: number, far: boolean): void {
    const { plane } = pane;
    if (!plane) return;
    const step = far ? FAR : 1;
    const within = (value: number, size: number): number => Math.min(size, Math.max(0, value));
    const from = this.crossOf(pane, plane);
    pane.cursor = { x: within(from.x + x * step, plane.width), y: within(from.y + y * step, plane.height) };
    if (this.start) pane.draft = { from: this.start, to: pane.cursor };
    pane.refresh();
  }

  setEnd(pane: Pane): void {
    const { plane } = pane;
    if (!plane || !this.allowed(plane)) return;
    const end = (pane.cursor = this.crossOf(pane, plane));
    if (this.start) {
      this.keep(pane, plane, { from: this.start, to: end });
      this.cancel(pane);
    } else {
      this.start = end;
      this.events.say(this.words.measureStart);
      pane.refresh();
    }
  }

  private crossOf(pane: Pane, plane: Plane): Point {
    return pane.cursor ?? { x: Math.floor(plane.width / 2), y: Math.floor(plane.height / 2) };
  }

  cancel(pane: Pane): void {
    this.start = null;
    pane.draft = null;
    pane.refresh();
  }

  /** Takes back the last one, on whichever picture it was. */
  removeLast(): void {
    const key = this.history.pop();
    if (key === undefined) return;
    this.lines.get(key)?.pop();
    this.events.measured(null);
    this.events.say(this.words.measureRemoved);
  }

  private keep(pane: Pane, plane: Plane, line: Line): void {
    const key = `${pane.stack.id} ${pane.index}`;
    this.lines.set(key, [...(this.lines.get(key) ?? []), line]);
    this.history.push(key);
    const mm = millimetres(line, plane.spacing!);
    this.events.measured(mm);
    this.events.say(filled(this.words.measuredSay, { mm: mm.toFixed(1) }));
  }
}
