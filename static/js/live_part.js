// One part of a reply (its text or its reasoning) while it is written: blocks of finished HTML in the order of their
// keys, and after them the raw text that no block holds yet, put where it will stand once it is formatted.

import { parse } from "./page.js";

const HOLDS_BLOCKS = new Set(["UL", "OL", "LI", "BLOCKQUOTE", "DIV", "FIGURE", "PRE", "TABLE", "TBODY", "THEAD", "TR"]);
const HEADINGS = new Set(["H3", "H4", "H5", "H6"]);
const HOLDS_TEXT = new Set(["P", "LI", "PRE", "CODE", "TD", "TH", "DIV", ...HEADINGS]);
const NEW_LINE = /^[ \t]*\n/;
const NEW_PARAGRAPH = /^[ \t]*\n[ \t]*\n/;
const LINE_ENDS = /\n\s*$/;
const STILL_MS = 600; // after this the mark at the end blinks: while anything does, a browser shows words a beat later
// A last line of marks alone ("-", "##", "```") is not text yet: it waits for what follows.
const UNDECIDED_LINE =
  /(^|\n)[ \t]*([-=*+>#|:`~_$ \t]+|\d{1,9}[.)]|[-*+][ \t]+\[[ xX]?\]?|\\\[?|\[\^[^\]\s]*(\]:?)?)[ \t]*$/;

export class LivePart {
  #root;
  #blocks = new Map();
  #fresh = new Map();
  #raw = "";
  #dropped = true; // what stands in the root came with the page, or from before a reconnect
  #tail = document.createElement("span");
  #timer = 0;
  #text = this.#tail.appendChild(document.createTextNode(""));
  #paragraph = document.createElement("p"); // for a tail that stands in no block

  constructor(root) {
    this.#root = root;
    this.#tail.className = "tail";
    this.#paragraph.className = "tail-block";
    this.#paragraph.dir = "auto";
  }

  append(text) {
    this.#raw += text;
  }

  block(key, html, rest) {
    this.#fresh.set(key, html);
    this.#raw = rest;
  }

  // The server will tell all blocks again; until it has, what is shown stays.
  expectAll() {
    this.#dropped = true;
  }

  reset(text = "") {
    this.#blocks.clear();
    this.#fresh.clear();
    this.#root.replaceChildren();
    this.#raw = text;
  }

  // Show what came since the last time. Called at most once a frame.
  flush() {
    if (this.#fresh.size) this.#applyBlocks();
    this.#placeTail();
    this.#tail.removeAttribute("data-still");
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#tail.setAttribute("data-still", ""), STILL_MS);
  }

  // The whole, as it will always look: only what differs is touched.
  finish(html) {
    const raw = this.#raw;
    this.flush();
    clearTimeout(this.#timer);
    this.#tail.remove();
    if (html === undefined) return this.#keepRaw(raw);
    const whole = [...parse(html).children];
    const shown = [...this.#root.children];
    const sources = new Map([...this.#blocks.values()].map(({ element, source }) => [element, source]));
    whole.forEach((element, index) => {
      if (!shown[index]) this.#root.append(element);
      else if (!isMadeFrom(sources.get(shown[index]), element)) shown[index].replaceWith(element);
    });
    for (const extra of shown.slice(whole.length)) extra.remove();
    for (const node of [...this.#root.childNodes]) if (node.nodeType === Node.TEXT_NODE) node.remove();
  }

  #keepRaw(raw) {
    const plain = document.createElement("div");
    plain.className = "plain";
    plain.textContent = raw.replace(/^\s+/, "");
    if (plain.textContent) this.#root.append(plain);
  }

  #applyBlocks() {
    if (this.#dropped) {
      this.#blocks.clear();
      this.#root.replaceChildren();
      this.#dropped = false;
    }
    this.#tail.remove();
    this.#paragraph.remove();
    for (const [key, html] of this.#fresh) this.#applyBlock(key, html);
    this.#fresh.clear();
  }

  #applyBlock(key, html) {
    const known = this.#blocks.get(key);
    const [element] = parse(html).children;
    if (!element) {
      known?.element.remove();
      this.#blocks.delete(key);
      return;
    }
    this.#blocks.set(key, { element, source: html });
    if (known) known.element.replaceWith(element);
    else this.#root.insertBefore(element, this.#after(key));
  }

  #after(key) {
    const later = [...this.#blocks.keys()].filter((other) => other > key);
    return later.length ? this.#blocks.get(Math.min(...later)).element : null;
  }

  #placeTail() {
    const last = this.#last();
    const holder = last && deepest(last);
    const shown = this.#raw.replace(UNDECIDED_LINE, "").replace(LINE_ENDS, "");
    if (!holder || beginsParagraph(holder, shown)) this.#placeParagraph(shown.replace(/^\s+/, ""));
    else this.#place(holder, isCell(holder) ? cellText(shown) : shown);
  }

  #last() {
    let last = this.#root.lastElementChild;
    while (last && (last === this.#tail || last === this.#paragraph)) last = last.previousElementSibling;
    return last;
  }

  #placeParagraph(text) {
    if (this.#paragraph.parentNode !== this.#root) this.#root.append(this.#paragraph);
    this.#place(this.#paragraph, text);
  }

  #place(holder, text) {
    if (this.#tail.parentNode !== holder) {
      holder.append(this.#tail);
      if (holder !== this.#paragraph) this.#paragraph.remove();
    }
    const have = this.#text.data;
    if (text.startsWith(have)) text.length > have.length && this.#text.appendData(text.slice(have.length));
    else this.#text.data = text;
  }
}

// The server writes HTML as browsers do, all but always.
function isMadeFrom(html, { outerHTML }) {
  return html !== undefined && (html.trim() === outerHTML || parse(html).firstElementChild?.outerHTML === outerHTML);
}

// The last element inside that text can go on in; null after a rule or an empty list.
function deepest(element) {
  let holder = element;
  for (let next = holder; next && isBlock(next); next = lastInside(next)) holder = next;
  return HOLDS_TEXT.has(holder.tagName) && isBlock(holder) ? holder : null;
}

// A row that is being written is filled up with empty cells.
function lastInside({ tagName, children, lastElementChild }) {
  if (tagName === "TR") return [...children].findLast((cell) => cell.textContent) ?? lastElementChild;
  return HOLDS_BLOCKS.has(tagName) ? lastElementChild : null;
}

function isBlock({ tagName, parentNode, classList }) {
  if (classList.contains("formula")) return false;
  return HOLDS_BLOCKS.has(tagName) || HOLDS_TEXT.has(tagName) && (tagName !== "CODE" || parentNode.tagName === "PRE");
}

function beginsParagraph({ tagName }, text) {
  return tagName !== "CODE" && (HEADINGS.has(tagName) ? NEW_LINE : NEW_PARAGRAPH).test(text);
}

const isCell = ({ tagName }) => tagName === "TD" || tagName === "TH";
// A row that has begun is shown once it is formatted.
const cellText = (text) => (text.includes("\n") ? text.slice(0, text.indexOf("\n")) : text).replace(/\|.*$/, "");
