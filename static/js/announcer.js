// Tells a screen reader what is written, by sentences and not too often: tokens would talk over each other. Of code, tables
// and formulas it says that they are there; one goes to them to read them.

import { say } from "./page.js";

const PAUSE_MS = 1500;
const SENTENCES = /^[\s\S]*(?:[.!?…:](?=\s)|[。！？；：]|\n)/;
const LETTER = /[\p{L}\p{N}]/gu;
const BLOCKS = new Set(["P", "LI", "H3", "H4", "H5", "H6", "BLOCKQUOTE", "DIV", "UL", "OL", "SECTION"]);

export class Announcer {
  #region = document.getElementById("announcer");
  #words = "";
  #timer = 0;
  #id = null;
  #reply = null; // its text, as it stands in the page
  #block = 0; // of the reply, the first that is not said to its end
  #letters = 0; // of that block, those that are said: marks come and go while it is formatted

  say(words) {
    this.#words += `${words}\n`;
    this.#soon();
  }

  // This reply has grown.
  follow(reply) {
    if (reply !== this.#id || !this.#reply?.isConnected) this.#begin(reply);
    this.#soon();
  }

  // Looked for once: there may be hundreds of messages to look through, and a token is told every few milliseconds.
  #begin(reply) {
    this.#reply = document.querySelector(`[data-message="${CSS.escape(reply)}"] [data-part="text"]`);
    [this.#id, this.#block, this.#letters] = [reply, 0, 0];
  }

  end(words) {
    this.#take(true);
    this.#reply = null;
    this.say(words);
  }

  #soon() {
    this.#timer ||= setTimeout(() => this.#speak(), PAUSE_MS);
  }

  #speak() {
    this.#timer = 0;
    this.#take(false);
    if (this.#words) this.#region.textContent = this.#words.trim().replace(/\s*\n\s*/g, "\n");
    this.#words = "";
  }

  // What is new: all of the blocks that are whole, and of the one that grows its whole sentences.
  #take(isAll) {
    const blocks = [...(this.#reply?.children ?? [])].filter(({ textContent }) => textContent.trim());
    for (; this.#block < blocks.length; this.#block += 1) {
      const news = afterLetters(spoken(blocks[this.#block]), this.#letters);
      const isWhole = isAll || this.#block < blocks.length - 1;
      const words = isWhole ? news : SENTENCES.exec(news)?.[0] ?? "";
      this.#words += words;
      this.#letters = isWhole ? 0 : this.#letters + (words.match(LETTER)?.length ?? 0);
      if (!isWhole) return;
    }
  }
}

function spoken(node) {
  if (node.nodeType === Node.TEXT_NODE) return node.data.replace(/[*`#|_~]+/g, "").replace(/\s+/g, " ");
  const name = node.nodeName.toUpperCase();
  if (name === "BUTTON" || name === "SUP") return ""; // nor the numbers of notes
  if (name === "MATH") return node.getAttribute("alttext") ?? say("announce_formula");
  if (name === "TABLE") return `${say("announce_table")}\n`;
  if (name === "FIGURE") return `${codeBlock(node)}\n`;
  const words = [...node.childNodes].map(spoken).join("");
  return BLOCKS.has(name) && words.trim() ? `${words}\n` : words;
}

function codeBlock(figure) {
  const language = figure.querySelector("figcaption")?.firstChild?.textContent.trim();
  return language ? say("announce_code_in", { language }) : say("announce_code");
}

function afterLetters(text, count) {
  LETTER.lastIndex = 0;
  for (let n = 0; n < count; n += 1) if (!LETTER.exec(text)) return "";
  return count ? text.slice(LETTER.lastIndex).replace(/^[^\p{L}\p{N}\s]+/u, "") : text;
}
