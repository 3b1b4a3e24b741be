// What a person has typed but not sent, kept for this tab across reloads, with the name under which it may have been
// sent already: sent again under the same name, it is saved once.

const prefix = "draft:";

export class Draft {
  #key;

  constructor(conversation) {
    this.move(conversation);
  }

  move(conversation) {
    this.#key = prefix + (conversation ?? "new");
  }

  read() {
    try {
      return JSON.parse(sessionStorage.getItem(this.#key)) ?? {};
    } catch {
      return {}; // not ours, or storage is switched off
    }
  }

  write(text, clientId) {
    try {
      if (text) sessionStorage.setItem(this.#key, JSON.stringify({ text, clientId }));
      else sessionStorage.removeItem(this.#key);
    } catch {
      // Storage is full or switched off: the draft lives as long as the page.
    }
  }
}
