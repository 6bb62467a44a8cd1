// Mouse, pen and fingers on a pane, told as what they mean.

import type { Pane } from './pane';
import type { Point } from './view';

export type Tool = 'scroll' | 'window' | 'zoom' | 'pan' | 'measure';

export interface Meaning {
  tool(): Tool;
  touched(pane: Pane): void;
  scroll(pane: Pane, steps: number): void;
  window(right: number, up: number): void;
  zoom(pane: Pane, factor: number, at: Point): void;
  pan(pane: Pane, right: number, down: number): void;
  /** from and to in screen pixels of the pane */
  measure(pane: Pane, from: Point, to: Point, done: boolean): void;
  tap(pane: Pane, at: Point): void;
}

const STEP = 8; // pixels of dragging per slice, fewer when the stack is long
const TAP = 4; // pixels that a tap may slip
const MIN_LENGTH = 6;
const WHEEL_STEP = 40; // what a trackpad must collect for one slice

interface Drag {
  readonly tool: Tool;
  readonly start: Point;
  last: Point;
  left: number;
  moved: boolean;
}

export class Gestures {
  private readonly fingers = new Map<number, Point>();
  private drag: Drag | null = null;
  private wheel = 0;

  constructor(
    private readonly pane: Pane,
    private readonly meaning: Meaning,
  ) {
    const on = pane.element;
    on.addEventListener('pointerdown', (event) => this.down(event));
    on.addEventListener('pointermove', (event) => this.move(event));
    on.addEventListener('pointerup', (event) => this.up(event, true));
    on.addEventListener('pointercancel', (event) => this.up(event, false));
    on.addEventListener('wheel', (event) => this.turn(event), { passive: false });
    on.addEventListener('contextmenu', (event) => event.preventDefault());
    on.addEventListener('focus', () => meaning.touched(pane));
  }

  private at(event: MouseEvent): Point {
    const box = this.pane.element.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  private down(event: PointerEvent): void {
    if ((event.target as Element).closest('button')) return;
    this.meaning.touched(this.pane);
    this.pane.element.setPointerCapture(event.pointerId);
    const at = this.at(event);
    this.fingers.set(event.pointerId, at);
    if (this.fingers.size > 1) return this.drop();
    const tool: Tool = event.button === 2 ? 'zoom' : event.button === 1 ? 'pan' : this.meaning.tool();
    this.drag = { tool, start: at, last: at, left: 0, moved: false };
    if (event.button === 1) event.preventDefault();
  }

  private move(event: PointerEvent): void {
    const before = this.fingers.get(event.pointerId);
    if (!before) return;
    const at = this.at(event);
    const other = [...this.fingers].find(([id]) => id !== event.pointerId)?.[1];
    this.fingers.set(event.pointerId, at);
    if (other) this.pinch(before, at, other);
    else if (this.drag) this.pull(this.drag, at);
  }

  private up(event: PointerEvent, meant: boolean): void {
    this.fingers.delete(event.pointerId);
    const { drag } = this;
    this.drag = null;
    if (!drag) return;
    if (!drag.moved && meant) return this.meaning.tap(this.pane, drag.start);
    if (drag.tool === 'measure') {
      const length = Math.hypot(drag.last.x - drag.start.x, drag.last.y - drag.start.y);
      this.meaning.measure(this.pane, drag.start, drag.last, meant && length >= MIN_LENGTH);
      if (length < MIN_LENGTH || !meant) this.drop();
    }
  }

  /** A second finger makes of a drag a pinch. */
  private drop(): void {
    this.drag = null;
    this.pane.draft = null;
    this.pane.refresh();
  }

  private pull(drag: Drag, at: Point): void {
    drag.moved ||= Math.hypot(at.x - drag.start.x, at.y - drag.start.y) > TAP;
    if (!drag.moved) return;
    const [right, down] = [at.x - drag.last.x, at.y - drag.last.y];
    drag.last = at;
    if (drag.tool === 'scroll') this.pullSlices(drag, down);
    else if (drag.tool === 'window') this.meaning.window(right, -down);
    else if (drag.tool === 'zoom') this.meaning.zoom(this.pane, Math.exp(-down / 120), this.fromMiddle(drag.start));
    else if (drag.tool === 'pan') this.meaning.pan(this.pane, right, down);
    else this.meaning.measure(this.pane, drag.start, at, false);
  }

  private pullSlices(drag: Drag, down: number): void {
    const step = Math.max(1.5, Math.min(STEP, this.pane.height / this.pane.stack.count));
    drag.left += down / step;
    const steps = Math.trunc(drag.left);
    drag.left -= steps;
    if (steps) this.meaning.scroll(this.pane, steps);
  }

  private pinch(before: Point, at: Point, other: Point): void {
    const spread = (p: Point): number => Math.max(1, Math.hypot(p.x - other.x, p.y - other.y));
    const middle = { x: (at.x + other.x) / 2, y: (at.y + other.y) / 2 };
    this.meaning.pan(this.pane, (at.x - before.x) / 2, (at.y - before.y) / 2);
    this.meaning.zoom(this.pane, spread(at) / spread(before), this.fromMiddle(middle));
  }

  private turn(event: WheelEvent): void {
    event.preventDefault();
    this.meaning.touched(this.pane);
    if (event.ctrlKey || event.metaKey) {
      return this.meaning.zoom(this.pane, Math.exp(-event.deltaY / 200), this.fromMiddle(this.at(event)));
    }
    // A mouse wheel's notch is one slice; a trackpad's many small moves are collected.
    const notch = event.deltaMode !== 0 || Math.abs(event.deltaY) >= WHEEL_STEP;
    this.wheel = notch ? 0 : this.wheel + event.deltaY;
    const steps = notch ? Math.sign(event.deltaY) : Math.trunc(this.wheel / WHEEL_STEP);
    if (!notch) this.wheel -= steps * WHEEL_STEP;
    if (steps) this.meaning.scroll(this.pane, steps);
  }

  private fromMiddle({ x, y }: Point): Point {
    return { x: x - this.pane.width / 2, y: y - this.pane.height / 2 };
  }
}
