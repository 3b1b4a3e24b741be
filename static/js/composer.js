// The field one writes in: grows, sends on Enter, keeps its text until the server has it.

import { Draft } from "./draft.js";
import { Hint } from "./hint.js";
import { newId, say } from "./page.js";

const COMPOSING = 229; // Safari's key code for the Enter that confirms an input method's choice
const AGAIN_MS = 10000;
const touchOnly = matchMedia("(hover: none) and (pointer: coarse)");

// Enter alone does; where there is no keyboard but that on the screen, it begins a line.
export function sends(event) {
  const isEnter = event.key === "Enter" && !event.isComposing && event.keyCode !== COMPOSING;
  return isEnter && !event.shiftKey && !event.altKey && !event.ctrlKey && !event.metaKey && !touchOnly.matches;
}

// Why it was not taken. An incident is a rule's doing: of that one may ask for a review.
export function explain(line, reason, incident = "") {
  const review = line.querySelector("[data-appeal]");
  line.querySelector("[data-reason]").textContent = reason;
  line.querySelector("[data-thanks]").textContent = "";
  line.hidden = !reason;
  review.hidden = !incident;
  review.dataset.appeal = incident;
}

export class Composer {
  #form = document.getElementById("composer");
  #field = document.getElementById("prompt");
  #error = document.getElementById("composer-error");
  #send = this.#form.querySelector("[data-send]");
  #stop = this.#form.querySelector("[data-stop]");
  #labels = { false: this.#send.getAttribute("aria-label"), true: this.#send.dataset.later };
  #clientId = null;
  #busy = false;
  #waits = false; // what is sent now waits for the reply to end
  #isTooLong = false;
  #waiting = null; // messages that wait, once there are any
  #rest = Promise.withResolvers(); // of the page

  constructor({ conversation, known, allowance }) {
    Object.assign(this, { conversation, allowance, say: () => false });
    this.hint = new Hint(allowance);
    this.draft = new Draft(conversation.id, known, { send: (frame) => this.say(frame), room: () => allowance.characters, onother: (...other) => this.#other(...other) });
    this.#form.onsubmit = (event) => this.#submit(event);
    this.#field.oninput = () => this.#edited();
    this.#field.onfocus = () => this.weigh();
    this.#field.onkeydown = (event) => this.#key(event);
    for (const idea of document.querySelectorAll("[data-idea]")) idea.onclick = () => this.fill(idea.dataset.idea);
    this.#begin(known ?? {});
    if (!touchOnly.matches) this.#field.focus({ preventScroll: true });
  }

  // The rest of the page is here: what was to be sent or said meanwhile, is.
  serve({ onstop, ...handlers }) {
    Object.assign(this, handlers); // announce, say, onsend, onlook, onrefuse
    this.#stop.onclick = onstop;
    this.#rest.resolve();
  }

  // One reply at a time: what is sent meanwhile waits, once there is a conversation to wait in.
  wait({ sending, writing, mayStart }) {
    this.#busy = sending || writing;
    this.#waits = this.#busy && this.conversation.id !== null;
    this.#stop.hidden = !writing;
    if (this.#send.getAttribute("aria-label") !== this.#labels[this.#waits]) this.#send.setAttribute("aria-label", this.#labels[this.#waits]);
    this.#enable();
    this.#waiting?.look({ mayStart });
  }

  fill(text) {
    this.#field.value = text;
    this.#edited();
    this.#field.focus();
    this.#field.setSelectionRange(text.length, text.length);
  }

  // Before what is typed there by now, which stays.
  putBack(text) {
    const typed = this.#field.value;
    this.fill(typed.trim() ? `${text}\n\n${typed}` : text);
    this.#field.setSelectionRange(text.length, text.length);
  }

  // The server has it: nothing of it needs keeping. The draft of a new conversation becomes that conversation's.
  forget(clientId, revision) {
    this.draft.sent(this.conversation.id, revision, this.#waiting?.sent(clientId, revision));
    this.draft.write(this.#field.value, this.#clientId);
  }

  // A `draft` frame.
  take(frame) {
    if (frame.conversation !== this.conversation.id) return;
    this.draft.take(frame);
    if (this.#waiting) this.#waiting.take(frame);
    else if (frame.waiting?.length) this.#wait((waiting) => waiting.take(frame));
  }

  // The connection is there, perhaps again.
  resume() {
    this.draft.resume();
    this.#waiting?.resume();
  }

  // What was typed could not be kept now.
  failed() {
    this.draft.failed();
    setTimeout(() => this.#waiting?.resume(), AGAIN_MS);
  }

  // Whether what was refused was a draft, or waited: then this was all there is to do about it.
  refused(frame, reason) {
    if (this.#waiting?.refused(frame, reason)) return true;
    if (frame.about !== "draft") return false;
    this.draft.failed();
    this.complain(reason);
    return true;
  }

  // It was not saved: give it back.
  giveBack(text, clientId, detail, incident) {
    const isEmpty = !this.#field.value.trim();
    this.putBack(text);
    if (isEmpty) this.#clientId = clientId;
    this.draft.write(this.#field.value, this.#clientId);
    this.complain(detail, incident);
  }

  complain(detail, incident) {
    explain(this.#error, detail, incident);
  }

  // The limits may have changed.
  weigh() {
    this.#isTooLong = this.hint.show(this.#field.value);
    this.#enable();
  }

  dropDraft() {
    this.#clientId = null;
    this.#put("");
    this.draft.write("");
  }

  get draftClientId() {
    return this.#clientId;
  }

  #submit(event) {
    event.preventDefault();
    const text = this.#field.value;
    this.weigh();
    if (this.allowance.isRefused) return this.#rest.promise.then(() => this.onrefuse());
    if (this.#send.disabled) return;
    const clientId = this.#clientId ?? newId();
    this.draft.hold(text, clientId);
    this.#clientId = null;
    this.complain("");
    this.#busy = true;
    this.#put("");
    return this.#rest.promise.then(() => this.#pass(text, clientId));
  }

  #pass(text, clientId) {
    if (this.#waits) this.#wait((waiting) => this.announce(waiting.add(text, clientId))).catch(() => this.giveBack(text, clientId, say("not_sent")));
    else this.onsend(text, clientId);
  }

  #edited() {
    this.#clientId = null; // another text is another message
    this.#put(this.#field.value);
    this.draft.write(this.#field.value);
    this.complain("");
    if (this.#waits) import("./waiting.js").catch(() => {}); // when it is needed there may be no network
    if (this.#field.value[0] === "/") import("./prompts.js").then(({ offer }) => offer(this));
  }

  #put(text) {
    if (this.#field.value !== text) this.#field.value = text;
    this.#field.parentNode.dataset.text = text;
    this.weigh();
  }

  #enable() {
    const mayNot = this.#busy && !this.#waits;
    this.#send.disabled = mayNot || !this.#field.value.trim() || this.#isTooLong || this.allowance.isRefused;
  }

  #key(event) {
    if (!sends(event)) return;
    event.preventDefault();
    this.#form.requestSubmit();
  }

  #begin({ waiting = [], revision }) {
    const { text, clientId } = this.draft.begin(this.#field.value); // which may have been typed before this script ran
    const waits = waiting.some((item) => item.client_id === clientId);
    this.#clientId = waits ? null : clientId;
    this.#put(waits ? "" : text);
    if (waits) this.draft.write("");
    if (waiting.length) this.#wait((queue) => queue.take({ waiting, revision }));
  }

  async #wait(act) {
    const [{ Waiting }] = await Promise.all([import("./waiting.js"), this.#rest.promise]);
    this.#waiting ??= new Waiting({ composer: this, conversation: this.conversation, say: this.say, send: this.onsend, look: this.onlook });
    act(this.#waiting);
    this.onlook();
  }

  // Written on another device: shown at once where nothing else is typed here, else offered.
  #other(text, { offer = false } = {}) {
    if (offer) return import("./other_draft.js").then(({ show }) => show(text, (use) => this.draft.decide(use)));
    this.#clientId = null;
    return this.#put(text);
  }
}
