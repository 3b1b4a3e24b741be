// The field one writes in: grows, sends on Enter, keeps its text until the server has it.

import { Draft } from "./draft.js";
import { Hint } from "./hint.js";

const COMPOSING = 229; // Safari's key code for the Enter that confirms an input method's choice
const touchOnly = matchMedia("(hover: none) and (pointer: coarse)");

export class Composer {
  #form = document.getElementById("composer");
  #field = document.getElementById("prompt");
  #error = document.getElementById("composer-error");
  #reason = this.#error.querySelector("[data-reason]");
  #review = this.#error.querySelector("[data-appeal]");
  #send = this.#form.querySelector("[data-send]");
  #stop = this.#form.querySelector("[data-stop]");
  #clientId = null;
  #busy = false;
  #isTooLong = false;

  constructor({ conversation, allowance, onsend, onstop, onrefuse }) {
    this.allowance = allowance;
    this.hint = new Hint(allowance);
    this.onsend = onsend;
    this.onrefuse = onrefuse;
    this.draft = new Draft(conversation);
    this.#form.onsubmit = (event) => this.#submit(event);
    this.#field.oninput = () => this.#edited();
    this.#field.onfocus = () => this.weigh();
    this.#field.onkeydown = (event) => this.#key(event);
    this.#stop.onclick = onstop;
    for (const idea of document.querySelectorAll("[data-idea]")) idea.onclick = () => this.fill(idea.dataset.idea);
    this.#restoreDraft();
    if (!touchOnly.matches) this.#field.focus({ preventScroll: true });
  }

  // One reply at a time: what is typed meanwhile waits in the field.
  wait({ sending, writing }) {
    this.#busy = sending || writing;
    this.#stop.hidden = !writing;
    this.#send.hidden = writing;
    this.#enable();
  }

  fill(text) {
    this.#field.value = text;
    this.#edited();
    this.#field.focus();
    this.#field.setSelectionRange(text.length, text.length);
  }

  // The server has it: nothing of it needs keeping. The draft of a new conversation becomes that conversation's.
  forget(clientId, conversation) {
    if (this.draft.read().clientId === clientId) this.draft.write("");
    this.draft.move(conversation);
    this.draft.write(this.#field.value, this.#clientId);
  }

  // It was not saved: give it back, unless the person has begun another.
  giveBack(text, clientId, detail, incident) {
    if (!this.#field.value.trim()) {
      this.#clientId = clientId;
      this.#put(text);
      this.draft.write(text, clientId);
    }
    this.complain(detail, incident);
    this.#field.focus();
  }

  // An incident is a rule's doing: of that one may ask for a review.
  complain(detail, incident = "") {
    this.#reason.textContent = detail;
    this.#error.hidden = !detail;
    this.#review.hidden = !incident;
    this.#review.dataset.appeal = incident;
    this.#error.querySelector("[data-thanks]").textContent = "";
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
    if (this.allowance.isRefused) return this.onrefuse();
    if (this.#send.disabled) return;
    const clientId = this.#clientId ?? newId();
    this.draft.write(text, clientId);
    this.#clientId = null;
    this.complain("");
    this.#put("");
    this.onsend(text, clientId);
  }

  #edited() {
    this.#clientId = null; // another text is another message
    this.#put(this.#field.value);
    this.draft.write(this.#field.value, null);
    this.complain("");
  }

  #put(text) {
    if (this.#field.value !== text) this.#field.value = text;
    this.#field.parentNode.dataset.text = text;
    this.weigh();
  }

  #enable() {
    this.#send.disabled = this.#busy || !this.#field.value.trim() || this.#isTooLong || this.allowance.isRefused;
  }

  #key(event) {
    const isEnter = event.key === "Enter" && !event.isComposing && event.keyCode !== COMPOSING;
    if (!isEnter || event.shiftKey || event.altKey || event.ctrlKey || event.metaKey || touchOnly.matches) return;
    event.preventDefault();
    this.#form.requestSubmit();
  }

  #restoreDraft() {
    const { text, clientId } = this.draft.read();
    const typedEarly = this.#field.value; // before this script ran
    if (typedEarly || !text) return this.#put(typedEarly);
    this.#clientId = clientId ?? null;
    this.#put(text);
  }
}

// crypto.randomUUID exists only on pages served over HTTPS or from this machine.
function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
