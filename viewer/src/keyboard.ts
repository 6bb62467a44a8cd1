// Listens for keys while the focus is inside the viewer, and leaves each control the keys that are its own.

import { deedOf, type Deed } from './keys';

export interface Keyboard {
  /** whether the focus is on a picture */
  onPicture(target: Node): boolean;
  measuring(): boolean;
  perform(deed: Deed): void;
}

/** Returns how to stop listening. */
export function listen(root: HTMLElement, keyboard: Keyboard): () => void {
  const heard = (event: KeyboardEvent): void => {
    const target = event.target as Element;
    if (event.altKey || event.ctrlKey || event.metaKey || target.closest('dialog, .sv-again')) return;
    const onPicture = keyboard.onPicture(target);
    const deed = deedOf(event.key, event.shiftKey, onPicture && keyboard.measuring());
    if (!deed || (!onPicture && belongsToControl(event.key, target))) return;
    event.preventDefault();
    keyboard.perform(deed);
  };
  root.addEventListener('keydown', heard);
  return () => root.removeEventListener('keydown', heard);
}

/** Buttons keep Enter and Space, the slider keeps its arrows and their like. */
function belongsToControl(key: string, target: Element): boolean {
  return key === 'Enter' || key === ' ' || (target instanceof HTMLInputElement && /^(Arrow|Page|Home|End)/.test(key));
}
