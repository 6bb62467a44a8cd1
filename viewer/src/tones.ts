// The contrast that is chosen: a named look, a window turned by hand, or what each picture was recorded with.

import { openingWindow, type Plane } from './plane';
import { presetOf, PRESETS, type PresetName, type Window } from './window';

const FULL_TURN = 300; // pixels of dragging that are worth one width of the window

export class Tones {
  inverted = false;
  look: PresetName | null = 'recorded';
  private chosen: Window | null = null;
  private readonly opening = new WeakMap<Plane, Window>();

  window(plane: Plane): Window {
    if (this.chosen) return this.chosen;
    let window = this.opening.get(plane);
    if (!window) this.opening.set(plane, (window = openingWindow(plane)));
    return window;
  }

  set(name: PresetName): void {
    this.look = name;
    this.chosen = PRESETS.find((preset) => preset.name === name)!.window;
  }

  /** Right makes the window wider, up makes the picture brighter; both in pixels of dragging. */
  turn(plane: Plane, right: number, up: number): void {
    const { center, width } = this.window(plane);
    const speed = Math.max(0.25, width / FULL_TURN);
    this.chosen = { center: Math.round(center - up * speed), width: Math.max(2, Math.round(width + right * speed)) };
    this.look = presetOf(this.chosen);
  }
}
