// The articles on the page: one branch of the conversation, of which the oldest may be left out (`data-above` is the
// message above the first that is here).

import { fromTemplate } from "./page.js";

export class Articles {
  #list;

  constructor(list) {
    this.#list = list;
  }

  get all() {
    return [...this.#list.querySelectorAll(".message")];
  }

  get newest() {
    return this.all.map((one) => one.dataset.message).filter(Boolean).at(-1) ?? null;
  }

  of(id) {
    return id && this.#list.querySelector(`[data-message="${CSS.escape(id)}"]`);
  }

  sentAs(clientId) {
    return this.#list.querySelector(`[data-client="${CSS.escape(clientId)}"]`);
  }

  // The message that this one answers.
  above(article) {
    const { all } = this;
    return all[all.indexOf(article) - 1]?.dataset.message ?? this.#list.dataset.above ?? null;
  }

  // The article that answers a message (null: the first).
  below(message) {
    const { all } = this;
    return all[all.indexOf(this.of(message)) + 1];
  }

  append(template) {
    const article = fromTemplate(template);
    this.#list.append(article);
    return article;
  }

  // Those that come at once stay together: the browser lays out and watches one element, not each of hundreds.
  prepend(piece) {
    const batch = document.createElement("div");
    batch.className = "batch";
    batch.append(...piece.children);
    this.#list.prepend(batch);
    this.#setAbove(piece.dataset.above);
  }

  // Takes away all below a message (null: all), but what waits to be saved. Returns what is gone.
  cutBelow(message, above = null) {
    const { all } = this;
    const from = all.indexOf(this.of(message)) + 1;
    const gone = all.slice(from).filter((article) => article.dataset.state !== "sending");
    for (const article of gone) article.remove();
    this.#unpack(all[from - 1]?.closest(".batch"));
    if (from === 0) this.#setAbove(message ?? above);
    return gone;
  }

  // The last message stands in the list itself, as :last-child; batches that have none any more go.
  #unpack(last) {
    last?.replaceWith(...last.children);
    for (const batch of this.#list.querySelectorAll(".batch:not(:has(.message))")) batch.remove();
  }

  #setAbove(message) {
    if (message) this.#list.dataset.above = message;
    else delete this.#list.dataset.above;
  }
}

// What was said of a reply that goes on in another.
export function beginAs(article, old, cursor) {
  article.dataset.cursor = JSON.stringify(cursor);
  for (const part of article.querySelectorAll("[data-part]")) {
    part.replaceChildren(...old.querySelector(`[data-part="${part.dataset.part}"]`).cloneNode(true).childNodes);
  }
  article.querySelector(".reasoning").hidden = old.querySelector(".reasoning").hidden;
}
