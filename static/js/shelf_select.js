// Several conversations at once: a box before each, ranges with Shift, all that are shown, and a bar of what can be done.

import { notice, placeOf, word } from "./shelf_verbs.js";

const MOST = 500; // in one request
const STEPS = { ArrowDown: 1, ArrowUp: -1 };

let mode = null;

export function toggle(button, page, carryOut) {
  if (mode) mode.leave();
  else mode = new Selecting(button, page, carryOut);
}

class Selecting {
  #shelf = document.getElementById("shelf");
  #chosen = new Set();
  #last = null; // where a range begins
  #abort = new AbortController();

  constructor(button, page, carryOut) {
    this.button = button;
    this.page = page;
    this.carryOut = carryOut;
    this.bar = document.getElementById("shelf-select").content.firstElementChild.cloneNode(true);
    this.#shelf.after(this.bar);
    document.getElementById("sidebar").classList.add("selecting");
    button.setAttribute("aria-pressed", "true");
    const { signal } = this.#abort;
    this.#shelf.addEventListener("listed", () => this.#mark(), { signal });
    this.#shelf.addEventListener("toggle", () => this.#mark(), { signal, capture: true });
    this.#shelf.addEventListener("click", (event) => this.#click(event), { signal, capture: true });
    document.getElementById("sidebar").addEventListener("keydown", (event) => this.#key(event), { signal });
    this.bar.addEventListener("click", ({ target }) => this.#do(target.closest("[data-verb]")?.dataset.verb), { signal });
    this.bar.querySelector("[data-leave]").onclick = () => this.leave();
    this.bar.querySelector("[data-all]").onchange = ({ target }) => this.#all(target.checked);
    this.#mark();
    this.#boxes[0]?.focus();
  }

  leave() {
    if (mode !== this) return; // it was left already, and another may have begun
    mode = null;
    this.#abort.abort();
    for (const box of this.#shelf.querySelectorAll("[data-box]")) box.remove();
    document.getElementById("sidebar").classList.remove("selecting");
    this.button.setAttribute("aria-pressed", "false");
    const isHere = this.bar.contains(document.activeElement) || document.activeElement === document.body;
    this.bar.remove();
    if (isHere) this.button.focus();
  }

  // Those that can be seen: not of folders that are closed.
  get #boxes() {
    return [...this.#shelf.querySelectorAll("[data-box]")].filter((box) => !box.closest("details:not([open])"));
  }

  #id(box) {
    return box.closest("[data-conversation]").dataset.conversation;
  }

  // A list that came anew gets its boxes; what is not in it any more is not chosen.
  #mark() {
    for (const item of this.#shelf.querySelectorAll("[data-conversation]:not(:has([data-box]))")) {
      const box = Object.assign(document.createElement("input"), { type: "checkbox", ariaLabel: item.querySelector("a").textContent });
      box.dataset.box = "";
      item.prepend(box);
    }
    const here = new Set(this.#boxes.map((box) => this.#id(box)));
    this.#chosen = new Set([...this.#chosen].filter((id) => here.has(id)));
    this.#show();
  }

  #show() {
    const n = this.#chosen.size;
    const boxes = this.#boxes;
    for (const box of boxes) box.checked = this.#chosen.has(this.#id(box));
    const all = this.bar.querySelector("[data-all]");
    all.checked = n > 0 && n === Math.min(boxes.length, MOST);
    all.indeterminate = n > 0 && !all.checked;
    this.bar.querySelector("[data-count]").textContent = n ? word("selected", n) : word("all_shown");
    const place = placeOf(this.page.sidebar.query) ?? "here";
    for (const button of this.bar.querySelectorAll("[data-verb]")) {
      button.hidden = !button.dataset.in.split(" ").includes(place);
      button.disabled = n === 0;
    }
  }

  #set(boxes, chosen) {
    const ids = boxes.map((box) => this.#id(box));
    const fitting = chosen ? ids.filter((id) => !this.#chosen.has(id)).slice(0, MOST - this.#chosen.size) : ids;
    for (const id of fitting) chosen ? this.#chosen.add(id) : this.#chosen.delete(id);
    if (chosen && ids.some((id) => !this.#chosen.has(id))) notice(word("at_most", 1, { n: MOST }));
    this.#show();
  }

  #all(chosen) {
    this.#set(this.#boxes, chosen);
  }

  // From the box that was changed last to this one.
  #range(box, chosen) {
    const boxes = this.#boxes;
    const [from, to] = [boxes.indexOf(this.#last ?? box), boxes.indexOf(box)].sort((one, other) => one - other);
    this.#set(boxes.slice(Math.max(from, 0), to + 1), chosen);
  }

  #click(event) {
    const item = event.target.closest("[data-conversation]");
    if (!item) return;
    event.stopPropagation();
    const box = item.querySelector("[data-box]");
    const chosen = !this.#chosen.has(this.#id(box));
    if (event.target !== box) event.preventDefault();
    if (event.shiftKey) this.#range(box, chosen);
    else this.#set([box], chosen);
    this.#last = box;
    box.focus();
  }

  #key(event) {
    const { key, shiftKey: shift, target } = event;
    if (key === "Escape") {
      event.stopPropagation(); // the drawer stays
      return this.leave();
    }
    if (key === "Delete" && this.#chosen.size) return this.#do(this.page.sidebar.query === "?view=trash" ? "delete" : "trash");
    if ((event.ctrlKey || event.metaKey) && key === "a") this.#all(true);
    else if (key in STEPS && target.matches("[data-box]")) this.#step(target, STEPS[key], shift);
    else return;
    event.preventDefault();
  }

  #step(box, step, shift) {
    const boxes = this.#boxes;
    const next = boxes[boxes.indexOf(box) + step];
    if (!next) return;
    if (shift) this.#set([box, next], true);
    this.#last = next;
    next.focus();
  }

  async #do(verb) {
    if (verb && this.#chosen.size && (await this.carryOut(verb, [...this.#chosen]))) this.leave();
  }
}
