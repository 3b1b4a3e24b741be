// The one line under the field: what is left when that is little, that short messages are answered fastest, and near
// the limit how long the text is. And above the field, only while it holds, what keeps the person from sending.

import { number } from "./figures.js";
import { count, say } from "./page.js";

const LONG = 500; // characters
const NEAR = 0.9;

export class Hint {
  #line = document.getElementById("composer-hint");
  #words = this.#line.querySelector("[data-words]");
  #keys = this.#words.textContent;
  #count = this.#line.querySelector("[data-count]");
  #notice = document.getElementById("standing");

  constructor(allowance) {
    this.allowance = allowance;
  }

  // Returns whether the text is too long to be sent.
  show(text) {
    const characters = text.length > this.allowance.characters * NEAR ? [...text].length : text.length;
    const over = characters - this.allowance.characters;
    const length = this.#length(text, characters, over);
    put(this.#count, length);
    put(this.#words, this.allowance.low || (length ? "" : characters >= LONG ? say("short_is_fast") : this.#keys));
    this.#words.toggleAttribute("data-keys", this.#words.textContent === this.#keys);
    this.#count.toggleAttribute("data-over", over > 0);
    put(this.#notice, this.allowance.notice);
    return over > 0;
  }

  #length(text, characters, over) {
    const { characters: allowed, tokens: fit } = this.allowance;
    if (over > 0) return count("too_long", over, { n: number(over), allowed: number(allowed) });
    const tokens = this.allowance.estimate(text);
    if (fit && tokens > fit) return say("may_not_fit", { n: number(tokens), allowed: number(fit) });
    if (characters > allowed * NEAR) return `${say("about_tokens", { n: number(tokens) })} · ${say("characters_left", { n: number(-over) })}`;
    return fit && tokens > fit * NEAR ? say("tokens_of", { n: number(tokens), allowed: number(fit) }) : "";
  }
}

function put(element, words) {
  if (element.textContent !== words) element.textContent = words;
  element.hidden = !words;
}
