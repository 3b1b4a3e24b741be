// How long a reply reasons: counted while it does, and said afterwards. Loaded with the first reasoning.

import { say } from "./page.js";

const MINUTE = 60;

export class Thinking {
  #line;
  #since = Date.now();
  #timer;

  constructor(line) {
    this.#line = line;
    this.#timer = setInterval(() => this.#tick(), 1000);
    line.toggleAttribute("data-thinking", true);
    this.#tick();
  }

  // So long it had reasoned before this page looked.
  before(ms) {
    this.#since = Math.min(this.#since, Date.now() - ms);
    if (this.#timer) this.#tick();
  }

  // Text begins; how long it was exactly, the end of the reply says.
  end(exactly) {
    if (!this.#timer && exactly === undefined) return;
    clearInterval(this.#timer);
    this.#timer = 0;
    this.#line.toggleAttribute("data-thinking", false);
    const seconds = Math.max(1, Math.round((exactly ?? Date.now() - this.#since) / 1000));
    const n = seconds % MINUTE;
    this.#line.textContent = seconds < MINUTE ? say("thought_for", { n }) : say("thought_for_minutes", { m: (seconds - n) / MINUTE, n });
  }

  #tick() {
    this.#line.textContent = say("thinking_for", { n: Math.floor((Date.now() - this.#since) / 1000) });
  }
}
