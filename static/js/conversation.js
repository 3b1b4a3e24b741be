// The conversation as this tab knows it, without DOM: which replies are not finished, up to where they have come, and
// which messages were sent but not yet confirmed. Sending one again is harmless: the server knows it by its client_id.

const FINAL = new Set(["done", "stopped", "cut", "blocked", "failed"]);

export const isFinal = (type) => FINAL.has(type);

export class Conversation {
  #cursors = new Map();
  #outbox = new Map();

  constructor({ conversation, after }) {
    this.id = conversation ?? null;
    this.newest = after ?? null;
    this.isBehind = false; // it was asked what is new, and that has not come
  }

  get isBusy() {
    return this.#outbox.size > 0 || this.#cursors.size > 0;
  }

  get isWriting() {
    return this.#cursors.size > 0;
  }

  get unfinished() {
    return [...this.#cursors.keys()];
  }

  get outbox() {
    return [...this.#outbox.values()];
  }

  cursors() {
    return Object.fromEntries(this.#cursors);
  }

  openFrame() {
    this.isBehind = true;
    return { type: "open", conversation: this.id, after: this.newest, cursors: this.cursors(), format: "html" };
  }

  // Half a character, which a paste may leave, is no text to the server: such a frame would never be answered.
  frame(clientId, written) {
    const text = written.replace(/\p{Surrogate}/gu, "\ufffd");
    return { type: "send", client_id: clientId, conversation: this.id, parent: this.newest, text, format: "html" };
  }

  begin(clientId, written) {
    return this.ask(this.frame(clientId, written));
  }

  // Until it is answered, it will be said again after a broken connection.
  ask(frame) {
    this.#outbox.set(frame.client_id, frame);
    return frame;
  }

  // The frame that was waiting for this answer, or undefined if it was answered before.
  answered(clientId) {
    const frame = this.#outbox.get(clientId);
    this.#outbox.delete(clientId);
    return frame;
  }

  // Returns what was asked; undefined if that was answered before.
  sent({ client_id: clientId, conversation, reply, cursor }) {
    const asked = this.answered(clientId);
    this.id = conversation.id;
    this.newest = reply;
    this.follow(reply, cursor);
    return asked;
  }

  // Other replies are not shown here any more.
  keep(replies) {
    for (const reply of this.#cursors.keys()) if (!replies.includes(reply)) this.#cursors.delete(reply);
  }

  follow(reply, cursor = [0, 0, 0]) {
    if (!this.#cursors.has(reply)) this.#cursors.set(reply, cursor);
  }

  // Whether a reply's event is news. After a reconnect the same piece may come twice.
  accept(frame) {
    const have = this.#cursors.get(frame.reply);
    if (!have) return false;
    if (isFinal(frame.type)) this.#cursors.delete(frame.reply);
    else if (frame.cursor) {
      if (!isNews(frame, have)) return false;
      this.#cursors.set(frame.reply, frame.cursor);
    }
    return true;
  }
}

function isNews({ type, cursor }, have) {
  if (type === "state") return true;
  if (cursor[0] !== have[0]) return cursor[0] > have[0];
  if (type === "text") return cursor[2] > have[2];
  if (type === "reasoning") return cursor[1] > have[1];
  return cursor[1] >= have[1] && cursor[2] >= have[2];
}
