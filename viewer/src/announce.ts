// Says politely, and only once a movement has come to rest, what has changed.

const REST = 500; // ms

export class Announcer {
  private timer = 0;

  constructor(private readonly region: HTMLElement) {}

  say(sentence: string, rest = REST): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      this.region.textContent = sentence;
    }, rest);
  }
}
