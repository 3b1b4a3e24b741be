// How long a reply took as this browser saw it: from the press of Send to the frame in which its first text was painted,
// and to the one in which it was complete. Told once, and only for a page that was looked at all the while: in a hidden
// tab no frame is painted.

const START = "chatsite:send";
const FIRST = "chatsite:first text";
const COMPLETE = "chatsite:complete";
const MEASURED = new Set(["done", "cut"]);

export class Timing {
  #clientId = null;
  #reply = null;
  #hasText = false;
  #first = null;

  constructor(ontold) {
    this.ontold = ontold;
    document.addEventListener("visibilitychange", () => document.hidden && this.#drop());
  }

  pressed(clientId, at) {
    this.#drop();
    if (document.hidden) return;
    this.#clientId = clientId;
    performance.clearMarks(START);
    performance.mark(START, { startTime: at });
  }

  // The reply to what was sent is called so.
  named(clientId, reply) {
    if (clientId === this.#clientId) this.#reply = reply;
  }

  event({ reply, type, part }) {
    if (reply !== this.#reply || !reply) return;
    if (!this.#hasText && (type === "text" || part === "text")) this.#begin();
    else if (MEASURED.has(type)) this.#onPaint(reply, () => this.#end());
    else if (type === "stopped" || type === "blocked" || type === "failed") this.#drop();
  }

  #begin() {
    this.#hasText = true;
    this.#onPaint(this.#reply, () => {
      if (isShown(this.#reply)) this.#first = measured(FIRST);
      else this.#hasText = false; // so far only a mark, which waits for its text
    });
  }

  // The page draws in animation frames; a callback that is asked for later runs later, in the same one.
  #onPaint(reply, act) {
    requestAnimationFrame(() => reply === this.#reply && act());
  }

  #end() {
    const frame = { type: "timing", reply: this.#reply, first_ms: this.#first, complete_ms: measured(COMPLETE) };
    if (this.#first !== null) this.ontold(frame);
    this.#drop();
  }

  #drop() {
    this.#clientId = this.#reply = null;
    this.#hasText = false;
    this.#first = null;
  }
}

function isShown(reply) {
  return Boolean(document.querySelector(`[data-message="${reply}"] [data-part="text"]`)?.textContent.trim());
}

// Milliseconds since the press, in the browser's own list of measures, too.
function measured(name) {
  performance.clearMeasures(name);
  return Math.round(performance.measure(name, { start: START }).duration);
}
