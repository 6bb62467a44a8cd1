// One picture on the screen: the canvas, what is written over it, and the view of it.

import { element, shape } from './dom';
import { letters, scaled } from './geometry';
import { paint, type Plane } from './plane';
import type { Stack } from './stack';
import { filled, type Words } from './strings';
import { FITTED, millimetres, place, scaleBar, toScreen, type Line, type Placing, type Point, type View } from './view';
import type { Window } from './window';

/** What every pane shares. */
export interface Look {
  window(plane: Plane): Window;
  readonly inverted: boolean;
  readonly words: Words;
  readonly language: string;
  lines(stack: Stack, index: number): Line[];
  /** a picture has reached the screen */
  shown(pane: Pane, plane: Plane): void;
}

export interface Guide {
  readonly vertical: boolean;
  readonly at: number;
}

const SHARPEST = 2; // device pixels per CSS pixel that are worth drawing

export class Pane {
  readonly element: HTMLElement;
  index: number;
  view: View = FITTED;
  cursor: Point | null = null;
  draft: Line | null = null;
  guides: readonly Guide[] = [];
  private readonly canvas = element('canvas', { class: 'sv-canvas' });
  private readonly marks = shape('svg', { class: 'sv-marks', 'aria-hidden': 'true' });
  private readonly slice = element('span', { class: 'sv-corner sv-slice' });
  private readonly tone = element('span', { class: 'sv-corner sv-tone' });
  private readonly fail = element('div', { class: 'sv-fail', hidden: true });
  private readonly sides = ['top', 'right', 'bottom', 'left'].map((side) => element('span', { class: `sv-letter sv-${side}` }));
  private readonly image = document.createElement('canvas');
  /** whether the picture on the screen isn't the one that is asked for */
  waiting = true;
  private painted = '';
  private paintedPlane: Plane | null = null;
  private frame = 0;
  private readonly watcher: ResizeObserver;

  constructor(
    readonly stack: Stack,
    private readonly look: Look,
    title: readonly [string, string],
    label: string,
    helpId: string,
    start: number,
  ) {
    this.index = start;
    const busy = element('div', { class: 'sv-busy' });
    const heading = element('span', { class: 'sv-corner sv-title' }, title[0], element('span', { class: 'sv-from' }, title[1]));
    const retry = element('button', { type: 'button', class: 'sv-again' }, look.words.tryAgain);
    retry.addEventListener('click', () => (this.stack.retry(this.index), this.refresh()));
    this.fail.append(element('p', {}, look.words.frameBroken), retry);
    this.element = element(
      'div',
      { class: 'sv-pane', tabindex: 0, role: 'application', 'aria-label': label, 'aria-describedby': helpId, 'aria-busy': 'true' },
      this.canvas, this.marks, ...this.sides, heading, this.slice, this.tone, busy, this.fail,
    );
    this.watcher = new ResizeObserver(() => this.refresh());
    this.watcher.observe(this.element);
  }

  get plane(): Plane | undefined {
    return this.stack.get(this.index);
  }

  get width(): number {
    return this.element.clientWidth;
  }

  get height(): number {
    return this.element.clientHeight;
  }

  placing(plane: Plane): Placing {
    return place(plane, this.view, this.width, this.height);
  }

  /** Draws with the next frame of the screen. */
  refresh(): void {
    if (!this.frame) this.frame = requestAnimationFrame(() => ((this.frame = 0), this.draw()));
  }

  /** Takes the picture off the screen and out of memory. */
  blank(): void {
    cancelAnimationFrame(this.frame);
    this.watcher.disconnect();
    for (const canvas of [this.canvas, this.image]) canvas.width = canvas.height = 0;
    this.paintedPlane = null;
    this.element.remove();
  }

  private draw(): void {
    const plane = this.plane;
    const broken = !plane && this.stack.isBroken(this.index);
    this.waiting = !plane;
    this.fail.hidden = !broken;
    this.element.setAttribute('aria-busy', String(!plane && !broken));
    this.slice.textContent = `${this.index + 1} / ${this.stack.count}`;
    if (!plane) {
      if (broken) this.clear();
      return;
    }
    const window = this.look.window(plane);
    this.paintImage(plane, window);
    this.drawImage(plane);
    this.drawMarks(plane);
    this.write(plane, window);
    this.look.shown(this, plane);
  }

  private clear(): void {
    this.canvas.getContext('2d')!.clearRect(0, 0, this.canvas.width, this.canvas.height);
    this.marks.replaceChildren();
  }

  private paintImage(plane: Plane, window: Window): void {
    const key = `${window.center} ${window.width} ${this.look.inverted}`;
    if (this.paintedPlane === plane && this.painted === key) return;
    if (this.image.width !== plane.width || this.image.height !== plane.height) {
      this.image.width = plane.width;
      this.image.height = plane.height;
    }
    const context = this.image.getContext('2d', { alpha: false })!;
    const pixels = context.createImageData(plane.width, plane.height);
    paint(plane, window, this.look.inverted, pixels);
    context.putImageData(pixels, 0, 0);
    this.painted = key;
    this.paintedPlane = plane;
  }

  private drawImage(plane: Plane): void {
    const sharp = Math.min(SHARPEST, devicePixelRatio || 1);
    const [width, height] = [Math.round(this.width * sharp), Math.round(this.height * sharp)];
    if (this.canvas.width !== width || this.canvas.height !== height) {
      this.canvas.width = width;
      this.canvas.height = height;
    }
    const at = this.placing(plane);
    const context = this.canvas.getContext('2d', { alpha: false })!;
    context.setTransform(sharp, 0, 0, sharp, 0, 0);
    context.fillStyle = '#000';
    context.fillRect(0, 0, this.width, this.height);
    context.imageSmoothingQuality = 'high';
    context.drawImage(this.image, at.left, at.top, plane.width * at.scaleX, plane.height * at.scaleY);
    this.element.dataset['placing'] = [at.scaleX, at.scaleY, at.left, at.top].map((n) => n.toFixed(4)).join(' ');
  }

  private drawMarks(plane: Plane): void {
    const at = this.placing(plane);
    const lines = this.look.lines(this.stack, this.index).map((line) => this.ruler(line, plane, at));
    if (this.draft) lines.push(this.ruler(this.draft, plane, at));
    this.marks.replaceChildren(...this.guides.map((guide) => this.guide(guide, at)), ...lines.flat(), ...this.bar(plane, at));
    if (this.cursor) this.marks.append(this.cross(toScreen(this.cursor, at)));
  }

  private guide({ vertical, at }: Guide, placing: Placing): SVGElement {
    const { x, y } = toScreen({ x: at, y: at }, placing);
    const ends = vertical ? { x1: x, x2: x, y1: 0, y2: this.height } : { x1: 0, x2: this.width, y1: y, y2: y };
    return shape('line', { class: 'sv-guide', ...ends });
  }

  private ruler(line: Line, plane: Plane, at: Placing): SVGElement[] {
    const [from, to] = [toScreen(line.from, at), toScreen(line.to, at)];
    const ends = { x1: from.x, y1: from.y, x2: to.x, y2: to.y };
    const right = to.x >= from.x ? to : from;
    const made = [
      shape('line', { class: 'sv-ruler-edge', ...ends }),
      shape('line', { class: 'sv-ruler', ...ends }),
      ...[from, to].map(({ x, y }) => shape('circle', { class: 'sv-end', cx: x, cy: y, r: 4 })),
    ];
    if (plane.spacing) {
      const label = shape('text', { class: 'sv-length', ...this.beside(right) });
      label.textContent = this.sayLength(millimetres(line, plane.spacing));
      made.push(label);
    }
    return made;
  }

  /** A place for a label that stays on the picture. */
  private beside({ x, y }: Point): { x: number; y: number } {
    return { x: Math.max(6, Math.min(x + 10, this.width - 78)), y: Math.max(18, Math.min(y - 8, this.height - 8)) };
  }

  sayLength(mm: number): string {
    const digits = { minimumFractionDigits: 1, maximumFractionDigits: 1 };
    return filled(this.look.words.measured, { mm: mm.toLocaleString(this.look.language, digits) });
  }

  private bar(plane: Plane, at: Placing): SVGElement[] {
    const bar = scaleBar(plane, at, Math.min(180, this.width * 0.3));
    if (!bar) return [];
    const [left, y] = [(this.width - bar.pixels) / 2, this.height - 30];
    const text = shape('text', { class: 'sv-bar-text', x: this.width / 2, y: y - 7, 'text-anchor': 'middle' });
    text.textContent = bar.mm >= 10 ? `${bar.mm / 10} cm` : `${bar.mm} mm`;
    const d = `M${left} ${y - 4}v8m0-4h${bar.pixels}m0-4v8`;
    return [shape('path', { class: 'sv-bar-edge', d }), shape('path', { class: 'sv-bar', d }), text];
  }

  private cross({ x, y }: Point): SVGElement {
    return shape('path', { class: 'sv-cross', d: `M${x - 12} ${y}h8m8 0h8M${x} ${y - 12}v8m0 8v8` });
  }

  private write(plane: Plane, { center, width }: Window): void {
    const round = (value: number): string => Math.round(value).toLocaleString(this.look.language).replace('-', '−');
    const words = filled(this.look.words.windowIs, { center: round(center), width: round(width) });
    this.tone.textContent = plane.colour ? '' : words;
    const [right, down] = plane.directions ?? [null, null];
    const names = right && down ? [scaled(down, -1), right, down, scaled(right, -1)].map(letters) : ['', '', '', ''];
    this.sides.forEach((side, index) => (side.textContent = names[index]!));
  }
}
