// The viewer's state and what can be done with it. Every gesture, key and button ends in one of these verbs.

import { Announcer } from './announce';
import { link, through } from './crossing';
import type { Series, StudyData } from './data';
import { Frame, PRESET_WORDS, type Action } from './frame';
import type { Unfit } from './geometry';
import { Gestures, type Tool } from './gestures';
import { listen } from './keyboard';
import type { Deed } from './keys';
import { Loader, type Ending, type FrameSource } from './loader';
import { Measuring } from './measuring';
import { Pane, type Look } from './pane';
import type { Plane } from './plane';
import { buildPlanes, unfit, type ThreePlanes } from './planes';
import { FrameStack, PlaneStack, type Stack } from './stack';
import { filled, type Key, type Words } from './strings';
import { drawThumbs } from './thumbs';
import { Tones } from './tones';
import { FITTED, panned, zoomed, type Line, type Point } from './view';
import type { PresetName, Window } from './window';

export interface Limits {
  /** bytes of frames kept in memory */
  readonly frames: number;
  /** bytes of the box behind the three planes */
  readonly volume: number;
  /** frames fetched ahead on each side */
  readonly reach: number;
}

export interface Surroundings {
  readonly root: HTMLElement;
  readonly words: Words;
  readonly language: string;
  readonly source: FrameSource;
  readonly limits: Limits;
  viewed(series: string, frame: number): void;
  ended(ending: Ending): void;
}

const UNFIT: Record<Unfit, Key> = {
  few: 'planesFew', mixed: 'planesMixed', unplaced: 'planesUnplaced', uneven: 'planesUneven', tilted: 'planesTilted', oblique: 'planesOblique',
};
const NUDGE = 24; // screen pixels that Shift and an arrow move the picture by

export class Viewer implements Look {
  readonly words: Words;
  readonly language: string;
  private readonly root: HTMLElement;
  private readonly frame: Frame;
  private readonly loader: Loader;
  private readonly speech: Announcer;
  private readonly measuring: Measuring;
  private readonly tones = new Tones();
  private readonly thumbs: IntersectionObserver;
  private readonly deafen: () => void;
  private panes: Pane[] = [];
  private active!: Pane;
  private at = 0;
  private places = new Map<string, number>();
  private tool: Tool = 'scroll';
  private building: AbortController | null = null;

  constructor(
    private readonly study: StudyData,
    private readonly around: Surroundings,
  ) {
    ({ root: this.root, words: this.words, language: this.language } = around);
    this.frame = new Frame(this.root, this.words, study, {
      tool: (tool) => this.take(tool),
      look: (name) => this.setLook(name),
      action: (action) => this.act(action),
      series: (index) => this.openSeries(index),
      slice: (index) => this.go(this.active, index),
    });
    this.speech = new Announcer(this.frame.live);
    this.measuring = new Measuring(this.words, {
      measured: (mm) => this.measured(mm),
      tell: (sentence) => this.frame.tell(sentence),
      say: (sentence) => this.speech.say(sentence, 0),
    });
    this.loader = new Loader(around.source, around.limits.frames, around.limits.reach, {
      loaded: (series) => this.arrived(series),
      failed: () => this.refresh(),
      ended: (ending) => around.ended(ending),
    });
    this.deafen = listen(this.root, {
      onPicture: (target) => this.active.element.contains(target),
      measuring: () => this.tool === 'measure',
      perform: (deed) => this.perform(deed),
    });
    const first = study.series.findIndex((series) => series.frames.length > 1);
    this.openSeries(Math.max(0, first));
    this.thumbs = drawThumbs(this.frame.thumbs, study.series, this.loader);
  }

  /** Takes everything off the screen and out of memory; nothing is fetched from now on. */
  blank(): void {
    this.building?.abort();
    this.thumbs.disconnect();
    this.deafen();
    this.loader.end();
    for (const pane of this.panes) pane.blank();
    for (const thumb of this.frame.thumbs) thumb.width = thumb.height = 0;
    for (const key of ['slice', 'slices', 'window', 'series', 'zoom', 'tool', 'loaded', 'length', 'planes']) delete this.root.dataset[key];
  }

  private get series(): Series {
    return this.study.series[this.at]!;
  }

  private get isCt(): boolean {
    return this.series.modality === 'CT' && this.series.frames[0]!.samplesPerPixel === 1;
  }

  private get inPlanes(): boolean {
    return this.panes.length > 1;
  }

  // What is on the screen.

  openSeries(index: number): void {
    this.building?.abort();
    this.at = index;
    this.resetTone();
    this.showStack();
    this.frame.showRow(index);
  }

  private showStack(): void {
    const stack = new FrameStack(this.series, this.loader);
    const start = this.places.get(stack.id) ?? Math.floor(stack.count / 2);
    this.hang([this.makePane(stack, [this.series.label, ''], start)]);
    this.arrived(this.series);
  }

  private makePane(stack: Stack, title: readonly [string, string], start: number): Pane {
    const pane = new Pane(stack, this, title, filled(this.words.image, { label: title.filter(Boolean).join(', ') }), this.frame.helpId, start);
    new Gestures(pane, {
      tool: () => this.tool,
      touched: (touched) => (this.frame.hush(), this.activate(touched)),
      scroll: (on, steps) => this.go(on, on.index + steps),
      window: (right, up) => this.turnWindow(right, up),
      zoom: (on, factor, at) => this.setZoom(on, factor, at),
      pan: (on, right, down) => this.pan(on, right, down),
      measure: (on, from, to, done) => this.measuring.drag(on, from, to, done),
      tap: (on, point) => this.point(on, point),
    });
    return pane;
  }

  private hang(panes: Pane[]): void {
    const focused = this.panes.some((pane) => pane.element === document.activeElement);
    for (const pane of this.panes) pane.blank();
    this.panes = panes;
    this.frame.hang(panes.map((pane) => pane.element));
    this.activate(panes[0]!);
    if (focused) this.active.element.focus();
    for (const pane of panes) pane.stack.focus(pane.index);
    link(this.panes);
    this.refresh();
  }

  private activate(pane: Pane): void {
    this.active = pane;
    for (const each of this.panes) each.element.classList.toggle('sv-active', this.inPlanes && each === pane);
    this.frame.slide(pane.index, pane.stack.count);
    this.tellState();
  }

  private refresh(): void {
    for (const pane of this.panes) pane.refresh();
    this.tellState();
  }

  private tellState(): void {
    const { dataset } = this.root;
    dataset['slice'] = String(this.active.index + 1);
    dataset['slices'] = String(this.active.stack.count);
    dataset['series'] = this.series.id;
    dataset['tool'] = this.tool;
    dataset['zoom'] = this.active.view.zoom.toFixed(3);
    dataset['planes'] = String(this.inPlanes);
    const { tool, inverted } = this;
    const { look } = this.tones;
    this.frame.mark({ tool, look, inverted, planes: this.inPlanes || !!this.building, series: this.at, presets: this.isCt });
  }

  private arrived(series: Series): void {
    if (series !== this.series) return;
    const loaded = this.loader.count(series);
    this.root.dataset['loaded'] = String(loaded);
    if (!this.building && !this.inPlanes) this.frame.load(loaded, series.frames.length);
    for (const pane of this.panes) if (pane.waiting) pane.refresh();
  }

  shown(pane: Pane, plane: Plane): void {
    const { center, width } = this.window(plane);
    const round = (value: number): number => Math.round(value * 10) / 10;
    if (pane === this.active) this.root.dataset['window'] = plane.colour ? '' : `${round(center)}/${round(width)}`;
    if (this.root.dataset['state'] !== 'ready') this.root.dataset['state'] = 'ready';
    if (document.hidden) return;
    for (const frame of pane.stack.framesShown(pane.index)) this.around.viewed(this.series.id, frame);
  }

  // Slices.

  private go(pane: Pane, index: number): void {
    const to = Math.min(pane.stack.count - 1, Math.max(0, index));
    if (to === pane.index) return;
    pane.index = to;
    this.measuring.cancel(pane);
    this.places.set(pane.stack.id, to);
    pane.stack.focus(to);
    link(this.panes);
    this.frame.slide(this.active.index, this.active.stack.count);
    if (this.inPlanes) this.refresh();
    else pane.refresh();
    this.tellState();
    this.speech.say(filled(this.words.sliceOf, { slice: to + 1, count: pane.stack.count }));
  }

  /** A tap on one plane takes the other two through the same point. */
  private point(pane: Pane, at: Point): void {
    if (this.tool === 'measure') return;
    for (const [other, index] of through(this.panes, pane, at)) this.go(other, index);
  }

  // Contrast.

  window(plane: Plane): Window {
    return this.tones.window(plane);
  }

  get inverted(): boolean {
    return this.tones.inverted;
  }

  /** The recorded window; where a CT has none, the one for soft tissue. */
  private resetTone(): void {
    this.tones.inverted = false;
    this.tones.set(this.isCt && this.series.frames[0]!.windowCenter === null ? 'soft' : 'recorded');
  }

  private setLook(name: PresetName): void {
    if (name !== 'recorded' && !this.isCt) return;
    this.tones.set(name);
    this.refresh();
    this.sayWindow();
  }

  private turnWindow(right: number, up: number): void {
    const { plane } = this.active;
    if (!plane || plane.colour) return;
    this.tones.turn(plane, right, up);
    this.refresh();
    this.sayWindow();
  }

  private sayWindow(): void {
    const { plane } = this.active;
    if (!plane) return;
    const { center, width } = this.window(plane);
    const values = { center: Math.round(center), width: Math.round(width) };
    const { windowIs, windowNamed } = this.words;
    const { look } = this.tones;
    this.speech.say(look ? filled(windowNamed, { name: this.words[PRESET_WORDS[look]], ...values }) : filled(windowIs, values));
  }

  // The view.

  private setZoom(pane: Pane, factor: number, at?: Point): void {
    pane.view = zoomed(pane.view, factor, at);
    pane.refresh();
    this.tellState();
    this.speech.say(filled(this.words.zoomIs, { percent: Math.round(pane.view.zoom * 100) }));
  }

  private pan(pane: Pane, right: number, down: number): void {
    pane.view = panned(pane.view, right, down);
    pane.refresh();
  }

  // Measuring.

  lines(stack: Stack, index: number): Line[] {
    return this.measuring.on(stack, index);
  }

  private measured(mm: number | null): void {
    if (mm === null) delete this.root.dataset['length'];
    else this.root.dataset['length'] = mm.toFixed(2);
    this.refresh();
  }

  private nudge(x: number, y: number, far: boolean): void {
    if (this.tool === 'measure') this.measuring.nudge(this.active, x, y, far);
    else this.pan(this.active, x * NUDGE, y * NUDGE);
  }

  // Tools and buttons.

  private take(tool: Tool): void {
    this.tool = tool;
    this.frame.hush();
    for (const pane of this.panes) {
      this.measuring.cancel(pane);
      pane.cursor = null;
    }
    const { plane } = this.active;
    if (tool === 'measure' && plane) this.measuring.begin(plane);
    this.refresh();
  }

  private act(action: Action): void {
    if (action === 'invert') this.invert();
    else if (action === 'fit') this.fit();
    else if (action === 'reset') this.reset();
    else if (action === 'planes') void this.togglePlanes();
    else if (action === 'full') void this.frame.toggleFull();
    else this.frame.openHelp();
  }

  private invert(): void {
    this.tones.inverted = !this.inverted;
    this.refresh();
    this.speech.say(this.inverted ? this.words.inverted : this.words.notInverted);
  }

  private fit(): void {
    this.active.view = FITTED;
    this.refresh();
    this.speech.say(filled(this.words.zoomIs, { percent: 100 }));
  }

  private reset(): void {
    this.resetTone();
    for (const pane of this.panes) pane.view = FITTED;
    this.refresh();
    this.speech.say(this.words.wasReset);
  }

  // Three planes.

  private async togglePlanes(): Promise<void> {
    if (this.building) return this.stopBuilding();
    if (this.inPlanes) return this.showStack();
    const reason = unfit(this.series);
    if (reason) return this.refuse(this.words[UNFIT[reason]]);
    const building = (this.building = new AbortController());
    this.tellState();
    try {
      const made = await this.buildPlanes(building.signal);
      if (made) this.showPlanes(made.stacks, made.thinned);
    } catch {
      // The loader has told what happened, unless it was just one frame that failed.
      if (!building.signal.aborted) this.refuse(this.words.frameBroken);
    } finally {
      if (this.building === building) this.stopBuilding();
    }
  }

  private buildPlanes(stop: AbortSignal): Promise<ThreePlanes | null> {
    const { series } = this;
    const progress = (loaded: number): void => {
      if (!stop.aborted) this.frame.load(loaded, series.frames.length, 'building');
    };
    progress(0);
    return buildPlanes(series, this.loader, this.around.limits.volume, progress, stop);
  }

  private stopBuilding(): void {
    this.building?.abort();
    this.building = null;
    this.arrived(this.series);
    this.tellState();
  }

  private refuse(sentence: string): void {
    this.frame.tell(sentence);
    this.speech.say(sentence, 0);
  }

  private showPlanes(stacks: readonly PlaneStack[], thinned: boolean): void {
    this.hang(
      stacks.map((stack) => {
        const title = [this.words[stack.name], this.words[`${stack.name}From`]] as const;
        return this.makePane(stack, title, Math.floor(stack.count / 2));
      }),
    );
    if (thinned) this.frame.tell(this.words.thinned);
    this.speech.say(thinned ? this.words.thinned : this.words.planesReady, 0);
  }

  // Keys.

  private perform(deed: Deed): void {
    const pane = this.active;
    switch (deed.do) {
      case 'move': return this.go(pane, pane.index + deed.by);
      case 'go': return this.go(pane, deed.to === 'first' ? 0 : pane.stack.count - 1);
      case 'nudge': return this.nudge(deed.x, deed.y, deed.far);
      case 'look': return this.setLook(deed.name);
      case 'tone': return this.turnWindow(deed.right, deed.up);
      case 'zoom': return this.setZoom(pane, deed.factor);
      case 'tool': return this.take(deed.tool);
      case 'set': return this.tool === 'measure' ? this.measuring.setEnd(pane) : undefined;
      case 'cancel': return this.measuring.cancel(pane);
      case 'delete': return this.measuring.removeLast();
      default: return this.act(deed.do);
    }
  }
}
