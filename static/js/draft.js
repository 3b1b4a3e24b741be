// What a person has typed but not sent. In this tab it is kept at once, with the name under which it may have been sent
// already: sent again under the same name, it is saved once. On the server, for their other devices, a moment later, with
// the revision that it takes the place of: what this tab has not seen it never overwrites.

import { post } from "./page.js";

const PREFIX = "draft:";
const QUIET_MS = 800;
const AGAIN_MS = 10000;
const ROOM = 2; // times the characters of a message: longer ones are kept in this tab only
const NOTHING = { text: "", revision: 0 };

export class Draft {
  #conversation;
  #known; // what the server has, as far as this tab knows: text, revision
  #text = "";
  #clientId = null;
  #flying = null; // the text that is on its way
  #mine = []; // texts of this tab whose arrival nobody confirmed
  #other = null; // written elsewhere, and offered here
  #isTyped = false; // in this tab, since it last took what the server has
  #timer = 0;
  #wasOpen = false;

  // `onother` is given a text that was written elsewhere, to take it or (with `offer`) to offer it; null ends the offer.
  constructor(conversation, known, { send, room, onother }) {
    this.#conversation = conversation ?? null;
    this.#known = known ?? NOTHING;
    this.send = send;
    this.room = room;
    this.onother = onother;
    addEventListener("pagehide", () => this.#leave());
    document.addEventListener("visibilitychange", () => document.hidden && this.#save());
  }

  // What the field shows at first: what was typed early, or this tab kept, or what the server has if that is newer.
  begin(early) {
    const stored = this.#stored();
    const { text, clientId, revision, saved, flying } = early && early !== stored.text ? { text: early } : stored;
    const { text: theirs, revision: newest } = this.#known;
    if (saved && newest < revision) { // this page was made before that was saved
      this.#known = { text, revision };
      return this.#took(text, clientId);
    }
    if (text === undefined || saved && text !== theirs) return this.#took(theirs);
    this.#text = text;
    this.#clientId = clientId ?? null;
    if (text === theirs) return this.#took(text, clientId);
    this.#isTyped = true;
    this.#mine = flying ? [text, flying] : [text];
    if (newest !== revision && theirs && theirs !== flying) this.#offer(this.#known);
    else this.#soon();
    return { text, clientId };
  }

  // The field has this text now.
  write(text, clientId = null) {
    this.hold(text, clientId);
    this.#soon();
  }

  // This text is being sent, and the field is empty.
  hold(text, clientId) {
    clearTimeout(this.#timer);
    this.#isTyped = text !== this.#known.text;
    [this.#text, this.#clientId] = [text, clientId];
    this.#store();
  }

  // The server has a message, and the draft a new revision if it was in there. What began a conversation was the draft of
  // a new one: the field is that conversation's now.
  sent(conversation, revision, waited) {
    if (revision) this.#known = { text: waited ? this.#known.text : "", revision };
    if (this.#conversation !== null) return;
    this.#offer(null);
    this.#text = "";
    this.#save();
    this.#store();
    [this.#conversation, this.#known, this.#flying, this.#mine] = [conversation, NOTHING, null, []];
  }

  // A `draft` frame: the answer to what this tab said (`saved`), or what is there.
  take({ conversation, text, revision, saved }) {
    const flying = this.#flying;
    if (conversation !== this.#conversation || (flying !== null && saved === undefined)) return;
    if (saved !== undefined) this.#flying = null;
    if (revision < this.#known.revision) return;
    if (saved) this.#known = { text: flying ?? this.#known.text, revision };
    else this.#compare({ text, revision });
    if (saved !== undefined) this.#mine = [];
    this.#store();
    this.#soon();
  }

  // A hint: the server has this revision now.
  heard({ conversation, revision }) {
    if (conversation === this.#conversation && revision > this.#known.revision) this.ask();
  }

  ask() {
    this.send({ type: "draft", conversation: this.#conversation });
  }

  // The connection is there, perhaps again: then nobody knows whether what was on its way arrived.
  resume() {
    if (this.#flying !== null) this.#mine.push(this.#flying);
    this.#flying = null;
    if (this.#wasOpen) this.ask();
    this.#wasOpen = true;
    this.#soon();
  }

  // It was not saved: the next change tries again, or in a while this.
  failed() {
    this.#flying = null;
    this.#soon(AGAIN_MS);
  }

  // The person decided: their own text here goes on, or the other takes its place.
  decide(useOther) {
    const other = this.#other;
    this.#offer(null);
    if (!other) return;
    this.#known = other;
    if (useOther) this.onother(this.#took(other.text).text);
    this.#store();
    this.#soon();
  }

  #compare(there) {
    const isOwn = there.text === this.#known.text || there.text === this.#text || this.#mine.includes(there.text);
    const isUntouched = this.#text === this.#known.text && (this.#conversation !== null || !this.#isTyped);
    if (!isOwn && !isUntouched && there.text) return this.#offer(there);
    this.#offer(null);
    this.#known = there;
    if (!isOwn && isUntouched) this.onother(this.#took(there.text).text);
  }

  #took(text, clientId = null) {
    [this.#text, this.#clientId, this.#isTyped, this.#mine] = [text, clientId, false, []];
    this.#store();
    return { text, clientId };
  }

  #offer(other) {
    if (other || this.#other) this.onother(other?.text ?? null, { offer: true });
    this.#other = other;
  }

  #soon(ms = QUIET_MS) {
    clearTimeout(this.#timer);
    if (this.#isNews) this.#timer = setTimeout(() => this.#save(), ms);
  }

  get #isNews() {
    const isSure = this.#text === this.#known.text && !this.#mine.length;
    return !isSure && !this.#other && this.#text.length <= ROOM * this.room();
  }

  #save() {
    if (!this.#isNews || this.#flying !== null) return;
    if (this.send(this.#frame())) this.#flying = this.#text;
  }

  #frame() {
    const after = this.#flying ?? this.#mine.at(-1);
    return { type: "draft", conversation: this.#conversation, text: this.#text, revision: this.#known.revision, after };
  }

  // The page goes: a request outlives it, where a frame may not. Too long for one, the text is still in this tab.
  #leave() {
    this.#store();
    if (!this.#isNews || this.#flying === this.#text) return;
    post("/drafts/", this.#frame(), { keepalive: true }).catch(() => {});
  }

  #stored() {
    try {
      return JSON.parse(sessionStorage.getItem(this.#key)) ?? {};
    } catch {
      return {}; // not ours, or storage is switched off
    }
  }

  #store() {
    const saved = this.#text === this.#known.text;
    const kept = { text: this.#text, clientId: this.#clientId, revision: this.#known.revision, saved, flying: this.#flying };
    try {
      if (this.#text || !saved) sessionStorage.setItem(this.#key, JSON.stringify(kept));
      else sessionStorage.removeItem(this.#key);
    } catch {
      // Storage is full or switched off: the draft lives as long as the page, and on the server.
    }
  }

  get #key() {
    return PREFIX + (this.#conversation ?? "new");
  }
}
