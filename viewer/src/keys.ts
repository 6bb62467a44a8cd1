// Every key and what it does. Keys work while the focus is inside the viewer, never on the page around it.

import type { Tool } from './gestures';
import { PRESETS, type PresetName } from './window';

export type Deed =
  | { readonly do: 'move'; readonly by: number }
  | { readonly do: 'go'; readonly to: 'first' | 'last' }
  | { readonly do: 'nudge'; readonly x: number; readonly y: number; readonly far: boolean }
  | { readonly do: 'look'; readonly name: PresetName }
  | { readonly do: 'tone'; readonly right: number; readonly up: number }
  | { readonly do: 'zoom'; readonly factor: number }
  | { readonly do: 'tool'; readonly tool: Tool }
  | { readonly do: 'set' | 'cancel' | 'delete' | 'invert' | 'fit' | 'reset' | 'planes' | 'help' };

const PAGE = 10;
const TONE = 12; // one press is worth so many pixels of dragging

const ARROWS: Record<string, readonly [number, number]> = {
  ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0],
};

const KEYS: Record<string, Deed> = {
  PageUp: { do: 'move', by: -PAGE },
  PageDown: { do: 'move', by: PAGE },
  Home: { do: 'go', to: 'first' },
  End: { do: 'go', to: 'last' },
  '+': { do: 'zoom', factor: 1.25 },
  '=': { do: 'zoom', factor: 1.25 },
  '-': { do: 'zoom', factor: 0.8 },
  '[': { do: 'tone', right: -TONE, up: 0 },
  ']': { do: 'tone', right: TONE, up: 0 },
  ',': { do: 'tone', right: 0, up: -TONE },
  '.': { do: 'tone', right: 0, up: TONE },
  s: { do: 'tool', tool: 'scroll' },
  c: { do: 'tool', tool: 'window' },
  z: { do: 'tool', tool: 'zoom' },
  m: { do: 'tool', tool: 'pan' },
  l: { do: 'tool', tool: 'measure' },
  i: { do: 'invert' },
  f: { do: 'fit' },
  r: { do: 'reset' },
  p: { do: 'planes' },
  '?': { do: 'help' },
  Enter: { do: 'set' },
  ' ': { do: 'set' },
  Escape: { do: 'cancel' },
  Delete: { do: 'delete' },
  Backspace: { do: 'delete' },
  ...Object.fromEntries(PRESETS.map(({ key, name }) => [key, { do: 'look', name } as const])),
};

/** What a key means; arrows change the slice, or with Shift move the picture, or move the cross while measuring. */
export function deedOf(key: string, shift: boolean, measuring: boolean): Deed | null {
  const arrow = ARROWS[key];
  if (!arrow) return KEYS[key] ?? KEYS[key.toLowerCase()] ?? null;
  const [x, y] = arrow;
  return shift || measuring ? { do: 'nudge', x, y, far: shift } : { do: 'move', by: x + y };
}

/** For the list that "?" opens: keys (or the name of their word) and the name of their sentence. */
export const KEY_LIST = [
  ['↑ ↓', 'keyScroll'],
  ['Page ↑ ↓', 'keyPage'],
  ['Home End', 'keyEnds'],
  ['1 2 3 4 0', 'keyPresets'],
  ['[ ] , .', 'keyWindow'],
  ['+ −', 'keyZoom'],
  ['Shift + ← ↑ → ↓', 'keyPan'],
  ['S C Z M L', 'keyTools'],
  ['I F R P', 'keyInvert'],
  ['← ↑ → ↓ Enter', 'keyMeasure'],
  ['Delete', 'keyDelete'],
  ['oneFinger', 'touchOne'],
  ['twoFingers', 'touchTwo'],
] as const;
