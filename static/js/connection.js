// Keeps the tab connected: tries again with growing pauses, falls back to plain HTTP where websockets do not come
// through, and shows in one line what is the matter while anything is.

import { page, say } from "./page.js";
import { Socket } from "./socket.js";

const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 10000;
const FAILURES_BEFORE_FALLBACK = 3;
const SOCKET_AGAIN_MS = 300000;
const CODES = { 4401: "signed-out", 4429: "too-fast" };
const WORDS = {
  connecting: "connecting", waiting: "reconnecting", offline: "offline", "signed-out": "signed_out", "too-fast": "too_fast",
  open: "", events: "simpler_connection",
};

export class Connection {
  #failures = 0;
  #timer = 0;
  #line = document.getElementById("connection");

  constructor(conversation, { onframe, onopen }) {
    const handlers = { onframe, onopen: (hello) => this.#opened(hello), onclose: (code) => this.#closed(code) };
    this.onopen = onopen;
    this.socket = new Socket(page.socket, handlers);
    this.events = null; // its module is for the few networks that need it
    this.makeEvents = async () => new (await import("./event_stream.js")).EventStream(conversation, handlers);
    this.transport = this.socket;
    this.#line.querySelector("[data-retry]").onclick = () => this.#try();
    addEventListener("online", () => this.#look());
    addEventListener("offline", () => this.#show("offline"));
    addEventListener("pageshow", ({ persisted }) => persisted && this.#try());
    document.addEventListener("visibilitychange", () => document.hidden || this.#look());
  }

  get isOpen() {
    return this.transport.isOpen;
  }

  start() {
    this.#show("connecting");
    this.transport.open();
  }

  send(frame) {
    return this.transport.send(frame);
  }

  follow(cursors) {
    this.transport.follow(cursors);
  }

  #opened(hello) {
    this.#failures = 0;
    if (this.transport === this.events) this.#later(SOCKET_AGAIN_MS, () => this.#back());
    this.#showOpen();
    this.onopen(hello);
  }

  #showOpen() {
    this.#show(this.transport === this.events ? "events" : "open");
  }

  async #closed(code) {
    this.#failures += 1;
    const state = navigator.onLine ? (CODES[code] ?? "waiting") : "offline";
    this.#show(state);
    if (state === "signed-out" || state === "offline") return;
    const pause = state === "too-fast" ? LONGEST_PAUSE_MS : this.#pause();
    this.#later(pause, () => this.transport.open());
    if (this.transport === this.socket && this.#failures >= FAILURES_BEFORE_FALLBACK && (await siteAnswers())) await this.#fallBack();
  }

  async #fallBack() {
    this.events ??= await this.makeEvents();
    if (this.socket.isOpen) return;
    clearTimeout(this.#timer);
    this.socket.close();
    this.transport = this.events;
    this.transport.open();
  }

  #back() {
    this.events.close();
    this.transport = this.socket;
    this.#failures = FAILURES_BEFORE_FALLBACK - 1;
    this.transport.open();
  }

  // A connection may outlive a network that was away briefly: believe it, and ask for a sign of life.
  #look() {
    if (!this.isOpen) {
      this.#try();
      return;
    }
    if (navigator.onLine) this.#showOpen();
    this.transport.ping();
  }

  #try() {
    if (this.isOpen || this.#line.dataset.state === "signed-out") return;
    clearTimeout(this.#timer);
    this.#show("connecting");
    this.transport.open();
  }

  #pause() {
    const pause = Math.min(FIRST_PAUSE_MS * 2 ** (this.#failures - 1), LONGEST_PAUSE_MS);
    return pause * (0.75 + Math.random() / 2);
  }

  #later(ms, act) {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(act, ms);
  }

  #show(state) {
    this.#line.dataset.state = state;
    this.#line.querySelector(".connection-text").textContent = WORDS[state] ? say(WORDS[state]) : "";
    this.#line.querySelector("[data-retry]").hidden = state !== "waiting" || this.#failures < 3;
    this.#line.querySelector("[data-sign-in]").hidden = state !== "signed-out";
  }
}

async function siteAnswers() {
  try {
    return (await fetch("/healthz", { cache: "no-store", signal: AbortSignal.timeout(5000) })).ok;
  } catch {
    return false;
  }
}
