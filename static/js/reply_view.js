// One reply on the page: its two live parts, the line that says where it stands, and its facts at the end.

import { decorateCode } from "./copy.js";
import { LivePart } from "./live_part.js";
import { count, say } from "./page.js";

const FINAL_STATES = { done: "complete", stopped: "stopped", cut: "cut", blocked: "blocked", failed: "failed" };
const waiting = new Set();

// At most once a frame, whatever comes; a hidden tab draws when it is looked at again.
function draw() {
  for (const view of waiting) view.flush();
  waiting.clear();
}

const WORTH_SAYING = 3; // seconds of waiting

export class ReplyView {
  #article;
  #line;
  #details;
  #parts = {};
  #touched = new Set();
  #hasText;
  #thinking = null; // what says how long it reasons
  #model = "";

  constructor(article) {
    this.#article = article;
    this.#line = article.querySelector("[data-state-line]");
    this.#details = article.querySelector(".reasoning");
    for (const root of article.querySelectorAll("[data-part]")) this.#parts[root.dataset.part] = new LivePart(root);
    this.cursor = JSON.parse(article.dataset.cursor ?? "[0, 0, 0]");
    this.#hasText = Boolean(article.querySelector('[data-part="text"]').textContent.trim());
  }

  show(frame) {
    if (frame.type in FINAL_STATES) this.#finish(frame);
    else this[frame.type](frame);
  }

  // Everything will be told from its beginning (restart), or all blocks will (expectAll); until then it stays as it is.
  restart() {
    for (const part of Object.values(this.#parts)) part.reset();
    this.#hasText = false;
    this.#thought();
    this.#thinking = null;
  }

  expectAll() {
    for (const part of Object.values(this.#parts)) part.expectAll();
  }

  stopping() {
    this.#say(say("stopping"));
  }

  flush() {
    for (const name of this.#touched) this.#parts[name].flush();
    this.#touched.clear();
  }

  queued({ ahead, engine, wait_s: wait }) {
    const words = { starting: "engine_starting", away: "engine_away" }[engine];
    const place = ahead > 0 ? count("ahead", ahead) : say("queued");
    const about = wait < 90 ? say("about_seconds", { n: wait }) : say("about_minutes", { n: Math.round(wait / 60) });
    this.#say(words ? say(words) : wait > WORTH_SAYING ? `${place} · ${about}` : place);
  }

  started({ model, label = model, reasoning_ms: reasoned }) {
    this.#model = this.#article.dataset.by = label;
    this.#article.dataset.model = model;
    this.#article.dataset.state = "writing";
    if (reasoned !== undefined && !this.#hasText) this.#reasons(reasoned);
    this.#say(this.#hasText || this.#thinking ? "" : say("writing"));
  }

  context() {} // what it remembers is shown between the messages, not in one

  text({ text }) {
    this.#touch("text").append(text);
  }

  reasoning({ text }) {
    this.#touch("reasoning").append(text);
  }

  html({ part, block, html, rest }) {
    this.#touch(part).block(block, html, rest);
  }

  state({ state, text = "", reasoning = "" }) {
    if (state === "continuing") return this.#say(say("continuing"));
    this.restart();
    this.#say(say("restarted"));
    if (reasoning) this.reasoning({ text: reasoning });
    if (text) this.text({ text });
  }

  #touch(name) {
    if (name === "text" && (!this.#hasText || this.#line.textContent)) {
      this.#hasText = true;
      this.#thought();
      this.#say("");
    }
    if (name === "reasoning" && !this.#hasText && !this.#thinking) this.#reasons();
    this.#article.dataset.state = "writing";
    this.#touched.add(name);
    if (!waiting.size) requestAnimationFrame(draw);
    waiting.add(this);
    return this.#parts[name];
  }

  // What counts the time comes with the first reasoning. `ms`: so long it had reasoned before.
  #reasons(ms = 0) {
    this.#say("");
    this.#details.hidden = false;
    this.#thinking ??= import("./thinking.js").then(({ Thinking }) => new Thinking(this.#details.querySelector("summary")));
    this.#thinking.then((thinking) => thinking.before(ms)).catch(() => {}); // without it the time is not said
  }

  #thought(exactly) {
    this.#thinking?.then((thinking) => thinking.end(exactly)).catch(() => {});
  }

  #finish(frame) {
    waiting.delete(this);
    this.#parts.text.finish(frame.html);
    this.#parts.reasoning.finish(frame.reasoning_html);
    if (frame.reasoning_html) this.#details.hidden = false;
    this.#thought(frame.reasoning_ms);
    this.#article.dataset.state = FINAL_STATES[frame.type];
    this.#say(frame.detail ?? "");
    this.#facts(frame.completion_tokens);
    decorateCode(this.#article);
  }

  #facts(tokens) {
    const words = [this.#model, tokens && count("tokens", tokens)].filter(Boolean).join(" · ");
    if (words) this.#article.querySelector("[data-facts]").textContent = words;
  }

  #say(words) {
    if (this.#line.textContent !== words) this.#line.textContent = words;
  }
}
