// The list of messages: a message that waits for its confirmation, replies that are written, articles from the server.

import { Articles, beginAs } from "./articles.js";
import { decorateCode } from "./copy.js";
import { fromTemplate, parse } from "./page.js";
import { Pin } from "./pin.js";
import { ReplyView } from "./reply_view.js";
import { showVersions, versionsOf } from "./versions.js";

const UNFINISHED = '[data-role="assistant"]:is([data-state="queued"], [data-state="writing"])';

export class Thread {
  #list = document.getElementById("messages");
  #articles = new Articles(this.#list);
  #views = new Map();

  constructor() {
    this.pin = new Pin(document.getElementById("thread"), this.#list, document.getElementById("newest"));
    this.#watchUnfinished();
    decorateCode(this.#list);
    this.pin.pin();
  }

  addPending(clientId, text) {
    document.getElementById("welcome")?.remove();
    if (this.#articles.sentAs(clientId)) return;
    const article = this.#articles.append("user-template");
    article.dataset.client = clientId;
    article.querySelector("[data-text]").textContent = text;
    this.pin.pin();
  }

  // With `text` where something else was saved than was sent: a rule masked a part of it.
  confirm(clientId, id, text) {
    const article = this.#articles.sentAs(clientId);
    if (!article) return;
    article.dataset.message = id;
    article.dataset.state = "complete";
    if (text !== undefined) article.querySelector("[data-text]").textContent = text;
  }

  removePending(clientId) {
    this.#articles.sentAs(clientId)?.remove();
  }

  // With a cursor it begins as the reply `old` did.
  addReply(id, old, cursor) {
    if (this.#articles.of(id)) return;
    const article = this.#articles.append("assistant-template");
    article.dataset.message = id;
    if (cursor) beginAs(article, old, cursor);
    this.#watch(article);
  }

  // Another reply in the place of one that is here, and of all below that.
  addBeside({ reply, beside, cursor }) {
    const old = this.#articles.of(beside);
    if (!old || this.#articles.of(reply)) return;
    const isReply = old.dataset.role === "assistant";
    this.#cutBelow(isReply ? this.above(old) : beside);
    this.addReply(reply, old, cursor);
    if (isReply) showVersions(this.#articles.of(reply), [...versionsOf(old), reply]);
    this.pin.pin();
  }

  // A message that was edited takes the place of its other version, and of all below that.
  addEdited({ client_id: clientId, parent, text }, id) {
    const old = this.#articles.below(parent);
    this.#cutBelow(parent);
    this.addPending(clientId, text);
    const article = this.#articles.sentAs(clientId);
    article.dataset.message = id;
    if (old) showVersions(article, [...versionsOf(old), id]);
  }

  // Below a message (null: in place of all) other articles stand now; what was pressed stays under the pointer.
  turn({ parent, html, above, siblings, remembered_from: oldest }) {
    const asked = this.#list.querySelector(".message [data-asked]");
    const first = () => this.#articles.below(parent);
    const change = () => {
      this.#cutBelow(parent, above);
      this.insert(html);
      this.tell(siblings);
      this.forgetAbove(oldest);
      return asked?.dataset.choose && first()?.querySelector(".siblings");
    };
    if (!asked) return change();
    this.pin.hold(asked, change);
    const next = first()?.querySelector(`[data-choose="${asked.dataset.choose}"]:enabled`) ?? first()?.querySelector("[data-choose]:enabled");
    return (next ?? this.pin.scroller).focus({ preventScroll: true });
  }

  // Which messages have other versions.
  tell(siblings = {}) {
    for (const article of this.#articles.all) if (article.dataset.message) showVersions(article, siblings[article.dataset.message]);
  }

  // Older articles, above those that are here.
  prepend(html) {
    const [first] = this.#articles.all;
    const change = () => this.#articles.prepend(parse(html).firstElementChild);
    if (first) this.pin.hold(first, change);
    else change();
    decorateCode(this.#list);
  }

  get hasEarlier() {
    return Boolean(this.#list.dataset.above);
  }

  get oldest() {
    return this.#articles.all[0]?.dataset.message;
  }

  above(article) {
    return this.#articles.above(article);
  }

  // Rendered articles from the server. Those that are here already stay as they are.
  insert(html) {
    for (const article of [...parse(html).children]) {
      const { message, client } = article.dataset;
      if (this.#articles.of(message)) continue;
      const pending = client && this.#articles.sentAs(client);
      if (pending) pending.replaceWith(article);
      else this.#list.append(article);
      this.#beginAgain(article);
      document.getElementById("welcome")?.remove();
    }
    this.#watchUnfinished();
    decorateCode(this.#list);
  }

  get newest() {
    return this.#articles.newest;
  }

  // Replies that are still written, each with the cursor up to which it is shown here.
  get unfinished() {
    return [...this.#views].map(([reply, view]) => [reply, view.cursor]);
  }

  isHere(clientId) {
    const article = this.#articles.sentAs(clientId);
    return Boolean(article && article.dataset.state !== "sending");
  }

  show(frame) {
    if ("remembered_from" in frame && frame.reply === this.newest) this.forgetAbove(frame.remembered_from);
    this.#views.get(frame.reply)?.show(frame);
  }

  // The line above the oldest message that the model still read; none where it read all of them.
  forgetAbove(message) {
    const oldest = this.#articles.of(message);
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

  #cutBelow(message, above) {
    for (const { dataset } of this.#articles.cutBelow(message, above)) this.#views.delete(dataset.message);
  }

  #watchUnfinished() {
    for (const article of this.#list.querySelectorAll(UNFINISHED)) if (!this.#views.has(article.dataset.message)) this.#watch(article);
  }

  #watch(article) {
    this.#views.set(article.dataset.message, new ReplyView(article));
  }
}
