// The same conversation over plain HTTP, for networks that break websockets: POST to send and stop, an EventSource for
// each reply that is not finished, and a question now and then whether there is news.

import { isFinal } from "./conversation.js";
import { get, post } from "./page.js";

const EVENTS = ["queued", "started", "reasoning", "text", "html", "state", "context", "done", "stopped", "cut", "blocked", "failed"];
const SAVED = new Set(["send", "again", "continue"]);
const TURNED = new Set(["choose", "erase"]);
const NEWS_MS = 15000;
const AGAIN_MS = 3000;
const TURN_MS = 5000;
const SIGNED_OUT = 4401;

export class EventStream {
  #sources = new Map();
  #news = 0;
  #before = Promise.resolve(); // what the person wrote, on its way
  #open = false;

  constructor(conversation, { onframe, onopen, onclose }) {
    this.conversation = conversation;
    this.onframe = onframe;
    this.onopen = onopen;
    this.onclose = onclose;
  }

  get isOpen() {
    return this.#open;
  }

  open() {
    this.close();
    this.#open = true;
    this.#news = setInterval(() => this.ping(), NEWS_MS);
    this.onopen({ type: "hello" });
    this.send({ type: "limits" });
  }

  send(frame) {
    if (!this.#open) return false;
    if (SAVED.has(frame.type)) this.#inTurn(() => this.#read(post("/messages/", frame), frame.type));
    if (TURNED.has(frame.type)) this.#read(post(`/messages/${frame.message}/${frame.type}/`, {}), frame.type);
    if (frame.type === "draft") this.#inTurn(() => this.#read(post("/drafts/", frame)));
    if (frame.type === "stop") this.#read(post(`/replies/${frame.reply}/stop/`, {}));
    if (frame.type === "timing") this.#read(post(`/replies/${frame.reply}/timing/`, frame));
    if (frame.type === "limits") this.#read(get("/limits/"));
    if (frame.type === "open" && frame.conversation) this.#read(get(`/c/${frame.conversation}/news?after=${frame.after ?? ""}`));
    return true;
  }

  ping() {
    if (!document.hidden) this.send(this.conversation.openFrame());
  }

  close() {
    this.#open = false;
    clearInterval(this.#news);
    for (const source of this.#sources.values()) source.close();
    this.#sources.clear();
  }

  follow(cursors) {
    for (const [reply, cursor] of Object.entries(cursors)) if (!this.#sources.has(reply)) this.#follow(reply, cursor);
  }

  // A draft that came after the message that was made of it would stay. But no message waits for one that hangs.
  #inTurn(act) {
    const late = new Promise((done) => setTimeout(done, TURN_MS));
    this.#before = Promise.race([this.#before, late]).then(() => this.#open && act());
  }

  #follow(reply, cursor) {
    const source = new EventSource(`/replies/${reply}/events?format=html&cursor=${cursor.join("-")}`);
    this.#sources.set(reply, source);
    for (const type of EVENTS) {
      source.addEventListener(type, ({ data }) => {
        const frame = JSON.parse(data);
        if (isFinal(frame.type)) this.#unfollow(reply);
        this.onframe(frame);
      });
    }
    source.onerror = () => {
      if (source.readyState !== EventSource.CLOSED || this.#sources.get(reply) !== source) return;
      this.#unfollow(reply);
      setTimeout(() => this.#open && this.follow(this.conversation.cursors()), AGAIN_MS);
    };
  }

  #unfollow(reply) {
    this.#sources.get(reply)?.close();
    this.#sources.delete(reply);
  }

  async #read(asked, about) {
    try {
      const answer = await asked;
      if (answer.type === "opaqueredirect" || answer.status === 401) return this.#lost(SIGNED_OUT);
      if (about && answer.status === 404) return this.onframe({ type: "error", about, code: "not_found", detail: "" });
      if (!answer.headers.get("Content-Type")?.includes("json")) return answer.ok || this.#lost(0);
      const frame = await answer.json();
      if (frame.type) this.onframe(frame);
      this.follow(this.conversation.cursors());
    } catch {
      this.#lost(0); // no network: connection.js tries again, and what was sent is in the outbox
    }
    return true;
  }

  #lost(code) {
    if (!this.#open) return;
    this.close();
    this.onclose(code);
  }
}
