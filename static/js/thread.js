// The list of messages: a message that waits for its confirmation, replies that are written, articles from the server.

import { decorateCode } from "./copy.js";
import { fromTemplate } from "./page.js";
import { Pin } from "./pin.js";
import { ReplyView } from "./reply_view.js";

const UNFINISHED = '[data-role="assistant"]:is([data-state="queued"], [data-state="writing"])';

export class Thread {
  #list = document.getElementById("messages");
  #views = new Map();

  constructor() {
    this.pin = new Pin(document.getElementById("thread"), this.#list, document.getElementById("newest"));
    this.#watchUnfinished();
    decorateCode(this.#list);
    this.pin.pin();
  }

  addPending(clientId, text) {
    document.getElementById("welcome")?.remove();
    if (this.#pending(clientId)) return;
    const article = fromTemplate("user-template");
    article.dataset.client = clientId;
    article.querySelector("[data-text]").textContent = text;
    this.#list.append(article);
    this.pin.pin();
  }

  // With `text` where something else was saved than was sent: a rule masked a part of it.
  confirm(clientId, id, text) {
    const article = this.#pending(clientId);
    if (!article) return;
    article.dataset.message = id;
    article.dataset.state = "complete";
    if (text !== undefined) article.querySelector("[data-text]").textContent = text;
  }

  removePending(clientId) {
    this.#pending(clientId)?.remove();
  }

  addReply(id) {
    if (this.#article(id)) return;
    const article = fromTemplate("assistant-template");
    article.dataset.message = id;
    this.#list.append(article);
    this.#watch(article);
  }

  // Rendered articles from the server. Those that are here already stay as they are.
  insert(html) {
    const template = document.createElement("template");
    template.innerHTML = html;
    for (const article of [...template.content.children]) {
      const { message, client } = article.dataset;
      if (this.#article(message)) continue;
      const pending = client && this.#pending(client);
      if (pending) pending.replaceWith(article);
      else this.#list.append(article);
      this.#beginAgain(article);
      document.getElementById("welcome")?.remove();
    }
    this.#watchUnfinished();
    decorateCode(this.#list);
  }

  get newest() {
    return [...this.#list.querySelectorAll("[data-message]")].map((one) => one.dataset.message).filter(Boolean).at(-1) ?? null;
  }

  // Replies that are still written, each with the cursor up to which it is shown here.
  get unfinished() {
    return [...this.#views].map(([reply, view]) => [reply, view.cursor]);
  }

  isHere(clientId) {
    const article = this.#pending(clientId);
    return Boolean(article && article.dataset.state !== "sending");
  }

  show(frame) {
    if ("remembered_from" in frame && frame.reply === this.newest) this.forgetAbove(frame.remembered_from);
    this.#views.get(frame.reply)?.show(frame);
  }

  // The line above the oldest message that the model still read; none where it read all of them.
  forgetAbove(message) {
    const oldest = this.#article(message);
    const line = document.getElementById("forgotten") ?? fromTemplate("forgotten-template");
    if (!oldest) line.remove();
    else if (oldest.previousElementSibling !== line) oldest.before(line);
  }

  finished(reply) {
    this.#views.delete(reply);
  }

  stopping(reply) {
    this.#views.get(reply)?.stopping();
  }

  expectAll() {
    for (const view of this.#views.values()) view.expectAll();
  }

  // The server tells a reply that this page did not name from its beginning.
  #beginAgain(article) {
    if (!article.matches(UNFINISHED)) return;
    article.dataset.cursor = "[0, 0, 0]";
    for (const part of article.querySelectorAll("[data-part]")) part.replaceChildren();
  }

  #watchUnfinished() {
    for (const article of this.#list.querySelectorAll(UNFINISHED)) if (!this.#views.has(article.dataset.message)) this.#watch(article);
  }

  #watch(article) {
    this.#views.set(article.dataset.message, new ReplyView(article));
  }

  #article(id) {
    return id && this.#list.querySelector(`[data-message="${CSS.escape(id)}"]`);
  }

  #pending(clientId) {
    return this.#list.querySelector(`[data-client="${CSS.escape(clientId)}"]`);
  }
}
