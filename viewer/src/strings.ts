// The words. English and Spanish are inside; a page may replace any of them.

import en from './strings.en.json';
import es from './strings.es.json';

export type Key = keyof typeof en;
export type Words = Record<Key, string>;

const LANGUAGES: Record<string, Words> = { en, es };

export function wordsFor(language: string, replaced: Record<string, unknown> = {}): Words {
  const words: Words = { ...en, ...(LANGUAGES[language.slice(0, 2).toLowerCase()] ?? {}) };
  for (const key of Object.keys(words) as Key[]) {
    const other = replaced[key];
    if (typeof other === 'string' && other !== '') words[key] = other;
  }
  return words;
}

/** Puts values in the places of {name}. */
export const filled = (sentence: string, values: Record<string, string | number>): string =>
  sentence.replace(/\{(\w+)\}/g, (place, name: string) => String(values[name] ?? place));
