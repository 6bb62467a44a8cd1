// Opens the viewer on <div id="scan-viewer">, or on each .scan-viewer where two stand side by side, and closes it when
// the server says that access is over.

import './viewer.css';
import { BadData, readStudy, type StudyData } from './data';
import { placard } from './frame';
import { checked, Ended, serverSource, type Ending } from './loader';
import { filled, wordsFor, type Words } from './strings';
import { Viewed, postTo } from './viewed';
import { Viewer, type Limits } from './viewer';

const REPORT_EVERY = 10_000; // ms
const AWAY = 30_000; // ms after which a returning reader is checked again
const MIB = 2 ** 20;

export class Mount {
  private readonly words: Words;
  private readonly viewed: Viewed | null;
  private viewer: Viewer | null = null;
  private over = false;
  private hiddenAt = 0;

  constructor(private readonly root: HTMLElement) {
    this.words = wordsFor(root.lang || document.documentElement.lang, replacedWords(root));
    root.classList.add('sv');
    root.setAttribute('role', 'region');
    root.setAttribute('aria-label', root.dataset['label'] ?? this.words.viewer);
    const { viewed } = root.dataset;
    this.viewed = viewed ? new Viewed(postTo(viewed), (ending) => this.end(ending)) : null;
    setInterval(() => void this.viewed?.flush(), REPORT_EVERY);
    document.addEventListener('visibilitychange', () => this.turned());
    addEventListener('pagehide', () => this.leave());
    addEventListener('pageshow', (event) => event.persisted && location.reload());
  }

  async open(): Promise<void> {
    this.root.dataset['state'] = 'loading';
    delete this.root.dataset['reason'];
    placard(this.root, 'scroll', this.words.opening, '');
    try {
      const answer = checked(await fetch(this.source, { redirect: 'manual', cache: 'no-store', credentials: 'same-origin' }));
      this.show(readStudy(await answer.json()));
    } catch (error) {
      this.fail(error);
    }
  }

  private get source(): string {
    return this.root.dataset['source'] ?? '';
  }

  private show(study: StudyData): void {
    if (study.series.length === 0) return this.stop('empty', 'emptyTitle', 'empty');
    const { root, words } = this;
    this.viewer = new Viewer(study, {
      root,
      words,
      language: root.lang || 'en',
      source: serverSource,
      limits: limitsOf(navigator),
      viewed: (series, frame) => this.viewed?.note(series, frame),
      ended: (ending) => this.end(ending),
    });
  }

  private fail(error: unknown): void {
    if (error instanceof Ended) return this.end(error.ending);
    const reason = error instanceof BadData || error instanceof SyntaxError ? 'data' : 'network';
    this.stop(reason, 'brokenTitle', 'broken', { word: this.words.tryAgain, click: () => void this.open() });
  }

  /** Access is over: nothing stays on the screen or in memory. */
  private end(ending: Ending): void {
    if (this.over) return;
    this.over = true;
    this.viewer?.blank();
    this.viewer = null;
    const { signIn } = this.root.dataset;
    if (ending === 'gone') this.stop('gone', 'goneTitle', 'gone');
    else this.stop('signed-out', 'signedOutTitle', 'signedOut', signIn ? { word: this.words.signIn, link: signIn } : undefined);
  }

  private stop(reason: string, title: keyof Words, text: keyof Words, action?: Parameters<typeof placard>[4]): void {
    this.root.dataset['state'] = 'error';
    this.root.dataset['reason'] = reason;
    const picture = reason === 'signed-out' || reason === 'gone' ? 'lock' : 'sad';
    placard(this.root, picture, filled(this.words[title], {}), this.words[text], action);
  }

  /** The last report goes out, and the picture isn't left behind for whoever presses "back" on a shared computer. */
  private leave(): void {
    void this.viewed?.flush(true);
    this.viewer?.blank();
    this.viewer = null;
    this.over = true;
    this.root.replaceChildren();
  }

  private turned(): void {
    if (document.hidden) {
      this.hiddenAt = Date.now();
      void this.viewed?.flush(true);
    } else if (!this.over && Date.now() - this.hiddenAt > AWAY) {
      void this.checkAccess();
    }
  }

  private async checkAccess(): Promise<void> {
    try {
      checked(await fetch(this.source, { method: 'HEAD', redirect: 'manual', cache: 'no-store', credentials: 'same-origin' }));
    } catch (error) {
      if (error instanceof Ended) this.end(error.ending);
    }
  }
}

function replacedWords(root: HTMLElement): Record<string, unknown> {
  const text = document.getElementById(root.dataset['strings'] ?? '')?.textContent;
  return text ? (JSON.parse(text) as Record<string, unknown>) : {};
}

/** Less on a phone, and only the neighbours when the reader saves data. */
export function limitsOf(device: { deviceMemory?: number; connection?: { saveData?: boolean } } & Pick<Navigator, 'maxTouchPoints'>): Limits {
  const small = (device.deviceMemory ?? (device.maxTouchPoints > 0 ? 4 : 8)) <= 4;
  return {
    frames: (small ? 96 : 256) * MIB,
    volume: (small ? 96 : 384) * MIB,
    reach: device.connection?.saveData ? 4 : Infinity,
  };
}

for (const root of document.querySelectorAll<HTMLElement>('#scan-viewer, .scan-viewer')) void new Mount(root).open();
