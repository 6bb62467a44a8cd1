// From stored values to greys: the modality transform, then the window (PS3.3 C.11.2.1.2.1, the linear function).

export interface Window {
  readonly center: number;
  readonly width: number;
}

export type PresetName = 'soft' | 'lung' | 'bone' | 'brain' | 'recorded';

/** In the order of the keys 1 to 4; 0 is the window that the scanner recorded. Hounsfield units. */
export const PRESETS: readonly { readonly name: PresetName; readonly key: string; readonly window: Window | null }[] = [
  { name: 'soft', key: '1', window: { center: 40, width: 400 } },
  { name: 'lung', key: '2', window: { center: -600, width: 1500 } },
  { name: 'bone', key: '3', window: { center: 400, width: 1800 } },
  { name: 'brain', key: '4', window: { center: 40, width: 80 } },
  { name: 'recorded', key: '0', window: null },
];

export const presetOf = (window: Window): PresetName | null =>
  PRESETS.find((p) => p.window?.center === window.center && p.window.width === window.width)?.name ?? null;

/** The grey (0 to 255) of a value in real units. */
export function grey(value: number, { center, width }: Window): number {
  if (width <= 1) return value <= center - 0.5 ? 0 : 255;
  const share = (value - (center - 0.5)) / (width - 1) + 0.5;
  return share <= 0 ? 0 : share > 1 ? 255 : Math.round(share * 255);
}

/** What a table of greys depends on. */
export interface Tone {
  readonly slope: number;
  readonly intercept: number;
  readonly inverted: boolean;
  readonly window: Window;
}

/** Opaque grey pixels, one per stored value from `low` to `high`; little-endian RGBA packed into 32 bits. */
export function greyTable(low: number, high: number, tone: Tone): Uint32Array {
  const table = new Uint32Array(high - low + 1);
  for (let index = 0; index < table.length; index++) {
    const level = grey((low + index) * tone.slope + tone.intercept, tone.window);
    const shade = tone.inverted ? 255 - level : level;
    table[index] = (0xff000000 | (shade << 16) | (shade << 8) | shade) >>> 0;
  }
  return table;
}

/** A window that shows everything between two values. */
export const windowAround = (low: number, high: number): Window => ({
  center: (low + high) / 2 + 0.5,
  width: Math.max(1, high - low + 1),
});
