// The furniture around the pictures: tools, looks, series, slider, notes. It shows state and reports wishes; it decides nothing.

import { element, icon, type IconName } from './dom';
import type { Series, StudyData } from './data';
import type { Tool } from './gestures';
import { KEY_LIST } from './keys';
import { filled, type Key, type Words } from './strings';
import { PRESETS, type PresetName } from './window';

export type Action = 'invert' | 'fit' | 'reset' | 'planes' | 'full' | 'help';

export interface Wishes {
  tool(tool: Tool): void;
  look(name: PresetName): void;
  action(action: Action): void;
  series(index: number): void;
  slice(index: number): void;
}

export const PRESET_WORDS: Record<PresetName, Key> = {
  soft: 'presetSoft', lung: 'presetLung', bone: 'presetBone', brain: 'presetBrain', recorded: 'presetRecorded',
};
const TOOLS: readonly (readonly [Tool, Key, string])[] = [
  ['scroll', 'toolScroll', 'S'], ['window', 'toolWindow', 'C'], ['zoom', 'toolZoom', 'Z'], ['pan', 'toolPan', 'M'],
  ['measure', 'toolMeasure', 'L'],
];
const ACTIONS: readonly (readonly [Action, Key, string])[] = [
  ['planes', 'planes', 'P'], ['invert', 'invert', 'I'], ['fit', 'fit', 'F'], ['reset', 'reset', 'R'], ['full', 'full', ''],
  ['help', 'help', '?'],
];

let frames = 0;

export class Frame {
  // Two viewers may stand side by side on one page, and no two of their elements may have the same id.
  private readonly number = ++frames;
  readonly stage = element('div', { class: 'sv-stage' });
  readonly live = element('p', { class: 'sv-unseen', role: 'status', 'aria-live': 'polite' });
  readonly helpId = `sv-image-help-${this.number}`;
  readonly thumbs: HTMLCanvasElement[] = [];
  private readonly slider: HTMLInputElement;
  private readonly sliderText = element('output', { class: 'sv-slider-text', 'aria-hidden': 'true' });
  private readonly bar: HTMLProgressElement;
  private readonly progress = element('span', { class: 'sv-progress-text' });
  private readonly toast = element('p', { class: 'sv-toast', hidden: true });
  private readonly tools = new Map<Tool, HTMLButtonElement>();
  private readonly looks = new Map<PresetName, HTMLButtonElement>();
  private readonly actions = new Map<Action, HTMLButtonElement>();
  private readonly rows: HTMLButtonElement[] = [];
  private readonly dialog: HTMLDialogElement;
  private toastTimer = 0;

  constructor(
    private readonly root: HTMLElement,
    private readonly words: Words,
    private readonly study: StudyData,
    private readonly wishes: Wishes,
  ) {
    this.slider = element('input', { type: 'range', class: 'sv-slider', min: 0, value: 0, step: 1, 'aria-label': words.slice });
    this.slider.addEventListener('input', () => wishes.slice(this.slider.valueAsNumber));
    this.bar = element('progress', { class: 'sv-progress', value: 0, max: 1, 'aria-label': filled(words.loaded, { loaded: 0, count: 0 }) });
    this.dialog = this.makeHelp();
    this.stage.append(this.toast);
    const foot = element('div', { class: 'sv-slider-row' }, this.slider, this.sliderText);
    const load = element('div', { class: 'sv-load' }, this.bar, this.progress);
    const help = element('p', { class: 'sv-unseen', id: this.helpId }, words.imageHelp);
    const note = element('p', { class: 'sv-note' }, words.notForDiagnosis);
    const main = element('div', { class: 'sv-main' }, this.stage, foot, element('div', { class: 'sv-foot' }, note, load));
    const inside = element('div', { class: 'sv-inside' }, this.makeTools(), this.makeSeries(), main, help, this.live, this.dialog);
    root.replaceChildren(inside);
  }

  private makeTools(): HTMLElement {
    const { words, wishes } = this;
    const tools = element('div', { class: 'sv-group', role: 'group', 'aria-label': words.tools });
    for (const [tool, word, key] of TOOLS) {
      tools.append(this.button(this.tools, tool, tool, words[word], key, () => wishes.tool(tool)));
    }
    const looks = element('div', { class: 'sv-group sv-looks', role: 'group', 'aria-label': words.looks });
    for (const { name, key } of PRESETS) {
      const button = element('button', { type: 'button', class: 'sv-look', 'aria-pressed': 'false', 'aria-keyshortcuts': key });
      button.textContent = words[PRESET_WORDS[name]];
      button.addEventListener('click', () => wishes.look(name));
      this.looks.set(name, button);
      looks.append(button);
    }
    const actions = element('div', { class: 'sv-group', role: 'group', 'aria-label': words.actions });
    for (const [action, word, key] of ACTIONS) {
      if (action === 'full' && !document.fullscreenEnabled) continue;
      actions.append(this.button(this.actions, action, action, words[word], key, () => wishes.action(action)));
    }
    return element('div', { class: 'sv-tools' }, tools, looks, actions);
  }

  private button<T>(
    into: Map<T, HTMLButtonElement>, name: T, picture: IconName, word: string, key: string, click: () => void,
  ): HTMLButtonElement {
    const attributes = { type: 'button', class: 'sv-tool', ...(key ? { 'aria-keyshortcuts': key, title: `${word} (${key})` } : { title: word }) };
    const button = element('button', attributes, icon(picture), element('span', {}, word));
    button.addEventListener('click', click);
    into.set(name, button);
    return button;
  }

  private makeSeries(): HTMLElement {
    const list = element('ul', { class: 'sv-series-list' });
    this.study.series.forEach((series, index) => list.append(element('li', {}, this.makeRow(series, index))));
    const title = element('h2', { class: 'sv-series-title' }, this.words.series);
    const { label } = this.root.dataset;
    const name = label ? `${this.words.series}: ${label}` : this.words.series;
    return element('nav', { class: 'sv-series', 'aria-label': name }, title, list);
  }

  private makeRow(series: Series, index: number): HTMLButtonElement {
    const count = series.frames.length;
    const thumb = element('canvas', { class: 'sv-thumb', width: 112, height: 84, 'aria-hidden': 'true' });
    const label = element('span', { class: 'sv-row-label' }, series.label);
    const size = element('span', { class: 'sv-row-count' }, count === 1 ? this.words.picture : filled(this.words.pictures, { count }));
    const row = element('button', { type: 'button', class: 'sv-row' }, thumb, element('span', { class: 'sv-row-text' }, label, size));
    row.addEventListener('click', () => this.wishes.series(index));
    this.thumbs.push(thumb);
    this.rows.push(row);
    return row;
  }

  private makeHelp(): HTMLDialogElement {
    const { words } = this;
    const list = element('dl', { class: 'sv-keys' });
    for (const [keys, word] of KEY_LIST) list.append(element('dt', {}, keys in words ? words[keys as Key] : keys), element('dd', {}, words[word]));
    const close = element('button', { type: 'button', class: 'sv-close', 'aria-label': words.close }, icon('close'));
    const dialog = element('dialog', { class: 'sv-help', 'aria-labelledby': `sv-keys-title-${this.number}` });
    dialog.append(element('h2', { id: `sv-keys-title-${this.number}` }, words.keysTitle), close, list);
    close.addEventListener('click', () => dialog.close());
    dialog.addEventListener('click', (event) => event.target === dialog && dialog.close());
    return dialog;
  }

  openHelp(): void {
    this.dialog.showModal();
  }

  /** Marks what is chosen now. */
  mark(state: { tool: Tool; look: PresetName | null; inverted: boolean; planes: boolean; series: number; presets: boolean }): void {
    const press = (button: HTMLElement | undefined, on: boolean): void => button?.setAttribute('aria-pressed', String(on));
    for (const [tool, button] of this.tools) press(button, tool === state.tool);
    for (const [look, button] of this.looks) {
      press(button, look === state.look);
      button.parentElement!.hidden = !state.presets;
    }
    press(this.actions.get('invert'), state.inverted);
    press(this.actions.get('planes'), state.planes);
    this.rows.forEach((row, index) => {
      if (index === state.series) row.setAttribute('aria-current', 'true');
      else row.removeAttribute('aria-current');
    });
  }

  /** Brings the row of the open series into its list without moving the page. */
  showRow(index: number): void {
    const row = this.rows[index];
    const list = row?.closest<HTMLElement>('.sv-series-list');
    if (!row || !list) return;
    const [of, at] = [list.getBoundingClientRect(), row.getBoundingClientRect()];
    list.scrollLeft += at.left < of.left ? at.left - of.left - 8 : Math.max(0, at.right - of.right + 8);
    list.scrollTop += at.top < of.top ? at.top - of.top - 8 : Math.max(0, at.bottom - of.bottom + 8);
  }

  slide(index: number, count: number): void {
    this.slider.max = String(count - 1);
    this.slider.value = String(index);
    const text = filled(this.words.sliceOf, { slice: index + 1, count });
    this.slider.setAttribute('aria-valuetext', text);
    this.slider.disabled = count < 2;
    this.sliderText.textContent = text;
    this.slider.style.setProperty('--sv-done', String(count > 1 ? index / (count - 1) : 1));
  }

  load(loaded: number, count: number, sentence: Key = 'loaded'): void {
    this.bar.max = count;
    this.bar.value = loaded;
    const text = filled(this.words[sentence], { loaded, count });
    this.bar.setAttribute('aria-label', text);
    this.progress.textContent = text;
    this.bar.parentElement!.classList.toggle('sv-done', loaded >= count);
  }

  /** A passing note over the picture. */
  tell(sentence: string): void {
    clearTimeout(this.toastTimer);
    this.toast.textContent = sentence;
    this.toast.hidden = false;
    this.toastTimer = window.setTimeout(() => (this.toast.hidden = true), 6000);
  }

  /** Takes the passing note away. */
  hush(): void {
    this.toast.hidden = true;
  }

  /** Shows the panes, one or three. */
  hang(panes: readonly HTMLElement[]): void {
    this.stage.replaceChildren(...panes, this.toast);
    this.stage.classList.toggle('sv-three', panes.length > 1);
  }

  async toggleFull(): Promise<void> {
    if (document.fullscreenElement) await document.exitFullscreen();
    else await this.root.requestFullscreen();
  }
}

/** A calm page in the place of the pictures: why they aren't there, and what to do. */
export function placard(
  root: HTMLElement, picture: IconName, title: string, text: string, action?: { word: string; link: string } | { word: string; click: () => void },
): void {
  const inside = element('div', { class: 'sv-placard', role: 'alert' }, icon(picture), element('h2', {}, title), element('p', {}, text));
  if (action && 'link' in action) inside.append(element('a', { class: 'sv-go', href: action.link }, action.word));
  if (action && 'click' in action) {
    const button = element('button', { type: 'button', class: 'sv-go' }, action.word);
    button.addEventListener('click', action.click);
    inside.append(button);
  }
  root.replaceChildren(inside);
}
