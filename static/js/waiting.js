// Messages that wait for the reply to end. They are kept on the server, so any open page of the conversation may send the
// first; the server sees to it that it is sent once. Loaded when the first message waits.

import { element, endOfNewest, inOrder, isSent } from "./waiting_bubbles.js";

const BUSY_MS = 3000;
const GOES_ON = new Set(["complete", "cut"]); // after any other end the person decides
const LONG_S = 600; // of what was found here after so long, too

export class Waiting {
  #section = document.getElementById("waiting");
  #list = this.#section.querySelector("[data-list]");
  #items = []; // as the server has them
  #unsaid = new Map(); // said here, and not answered yet
  #leaving = new Map(); // taken back here, and not answered yet
  #sending = null; // on its way as a message
  #wanted = new Set(); // those written here, and those that somebody here said are to be sent
  #reasons = new Map(); // why one was not sent: with that it goes back to the field
  #place = null; // before which the next one goes: one was taken back from there
  #isReleased = false;
  #isHeld = false;
  #revision = -1;
  #shown = "";
  #quietUntil = 0;

  constructor({ composer, conversation, say, send, look }) {
    Object.assign(this, { composer, conversation, say, send, again: look });
    this.#section.querySelector("[data-send-now]").onclick = () => this.#sendNow();
    this.#list.onclick = ({ target }) => target.closest("[data-take-back]") && this.#takeBack(target.closest("li").dataset.client);
  }

  add(text, clientId) {
    this.#wanted.add(clientId);
    this.#unsaid.set(clientId, { type: "draft", conversation: this.conversation.id, wait: clientId, text, before: this.#place });
    this.#place = null;
    this.say(this.#unsaid.get(clientId));
    this.#show();
    this.#section.scrollIntoView({ block: "end" });
    return this.#section.querySelector("[data-waits]").textContent;
  }

  resume() {
    for (const frame of this.#unsaid.values()) this.say(frame);
    for (const item of this.#leaving.values()) this.#ask({ ...item, isAskedAgain: true });
  }

  // A `draft` frame: the answer to what was said here, or what is there.
  take({ waiting, revision, client_id: clientId, taken }) {
    if (this.#unsaid.delete(clientId)) this.composer.forget(clientId);
    if (waiting && revision >= this.#revision) [this.#items, this.#revision] = [waiting, revision];
    if (waiting?.every((item) => item.client_id !== clientId)) this.#left(clientId, taken);
    this.#show();
  }

  // Called whenever something changed: sends the first, if nothing is in its way.
  look({ mayStart }) {
    if (!this.count) return;
    const goesOn = mayStart && !this.#isHeld && (this.#isReleased || (GOES_ON.has(endOfNewest()) && !this.#isLate));
    if (goesOn && this.#items.length && !this.#sending && Date.now() >= this.#quietUntil) this.#sendFirst();
    this.#show({ asks: mayStart && !goesOn && (this.#isLate ? "late" : "held") });
  }

  // It was sent as a message, from here or elsewhere. Whether it had waited.
  sent(clientId, revision) {
    const waited = this.#items.some((item) => item.client_id === clientId);
    if (waited) this.#items = this.#items.filter((item) => item.client_id !== clientId);
    if (revision) this.#revision = Math.max(this.#revision, revision);
    if (this.#sending === clientId) this.#sending = null;
    this.#isReleased = this.#isHeld = false;
    this.#show();
    return waited;
  }

  // Whether what was refused is one of these: one that could not wait, or one that could not be sent.
  refused({ client_id: clientId, code, incident }, reason) {
    const frame = this.#unsaid.get(clientId);
    this.#unsaid.delete(clientId);
    if (frame) this.composer.giveBack(frame.text, clientId, reason);
    else if (this.#sending !== clientId) return false;
    else if (code === "busy") this.#pause();
    else if (code === "taken_back") this.say({ type: "draft", conversation: this.conversation.id });
    else this.#giveUp(clientId, reason, incident);
    if (!frame) this.#sending = null;
    this.#show();
    return true;
  }

  get count() {
    return this.#items.length + this.#unsaid.size;
  }

  // It was left here, days ago perhaps.
  get #isLate() {
    const [first] = this.#items;
    return first?.waited_s > LONG_S && !this.#wanted.has(first.client_id);
  }

  #sendFirst() {
    const { client_id: clientId, text } = this.#items[0];
    this.#sending = clientId;
    this.send(text, clientId, { waited: true });
  }

  #sendNow() {
    this.#isReleased = true;
    this.#isHeld = false;
    for (const { client_id: clientId } of this.#items) this.#wanted.add(clientId);
    this.again();
  }

  // A reply is written that this page does not know of yet.
  #pause() {
    this.#quietUntil = Date.now() + BUSY_MS;
    setTimeout(() => this.again(), BUSY_MS);
  }

  #giveUp(clientId, reason, incident) {
    this.#isHeld = true; // the rest waits
    this.#reasons.set(clientId, { reason, incident });
    this.#takeBack(clientId);
  }

  #takeBack(clientId) {
    const items = inOrder(this.#items, this.#unsaid);
    const place = items.findIndex((item) => item.client_id === clientId);
    if (place < 0) return; // another device has it
    this.#place = items[place + 1]?.client_id ?? null;
    const isBack = this.#unsaid.delete(clientId);
    this.#ask({ ...items[place], isBack });
    if (isBack) this.#putBack(items[place]);
    this.#show();
  }

  // That it waits no more.
  #ask(item) {
    this.#leaving.set(item.client_id, item);
    this.say({ type: "draft", conversation: this.conversation.id, take_back: item.client_id });
  }

  // It waits no more. Where a first answer was lost, nobody knows who has it: better twice than not at all.
  #left(clientId, taken) {
    const item = this.#leaving.get(clientId);
    if (!item) return;
    this.#leaving.delete(clientId);
    if (!item.isBack && (taken || (item.isAskedAgain && !isSent(clientId)))) this.#putBack(item);
  }

  #putBack({ client_id: clientId, text }) {
    const { reason, incident } = this.#reasons.get(clientId) ?? {};
    if (reason) this.composer.giveBack(text, null, reason, incident);
    else this.composer.putBack(text);
  }

  #show({ asks = "" } = {}) {
    const items = inOrder(this.#items, this.#unsaid).filter(({ client_id: id }) => id !== this.#sending && !this.#leaving.get(id)?.isBack);
    const shown = JSON.stringify([asks, items]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#section.hidden = !items.length;
    this.#section.toggleAttribute("data-asks", Boolean(asks));
    for (const words of this.#section.querySelectorAll("[data-why]")) words.hidden = words.dataset.why !== asks;
    this.#list.replaceChildren(...items.map(element));
  }
}
