// A field in which people are named one after the other, with suggestions of colleagues while a name is typed.

import { get } from "./page.js";

const SHORTEST = 2; // characters
const PAUSE_MS = 150;

export class Chosen {
  #timer = 0;
  #list;
  #field;
  #suggested;
  #template;

  constructor(root) {
    this.#list = root.querySelector("[data-chosen]");
    this.#field = root.querySelector("input");
    this.#suggested = root.querySelector("datalist");
    this.#template = root.querySelector("template");
    this.#field.oninput = (event) => this.#typed(event);
    this.#field.onkeydown = (event) => this.#key(event);
  }

  get names() {
    return [...this.#list.children].map((item) => item.dataset.name);
  }

  // What is typed becomes a person; whether there is one of this name, the server says.
  take() {
    for (const name of this.#field.value.split(/[,;，；]/)) this.#add(name.trim());
    this.#field.value = "";
    this.#suggested.replaceChildren();
  }

  #add(name) {
    if (!name || this.names.some((known) => known.toLowerCase() === name.toLowerCase())) return;
    const item = this.#template.content.firstElementChild.cloneNode(true);
    const button = item.querySelector("button");
    item.dataset.name = name;
    item.querySelector("span").textContent = name;
    button.ariaLabel = `${button.ariaLabel} ${name}`;
    button.onclick = () => {
      item.remove();
      this.#field.focus();
    };
    this.#list.append(item);
  }

  #key(event) {
    if (event.isComposing) return;
    if (event.key === "Enter") {
      event.preventDefault(); // and never sends the form: who is quick presses it once too often
      this.take();
    } else if (event.key === "Backspace" && !this.#field.value) this.#list.lastElementChild?.remove();
  }

  // One of the suggestions was picked, where no key was pressed: "bob" alone may yet become "bobby".
  #typed({ inputType: how }) {
    clearTimeout(this.#timer);
    const typed = this.#field.value;
    const isPicked = !how || how === "insertReplacementText";
    if (/[,;，；]/.test(typed) || (isPicked && this.#suggests(typed))) this.take();
    else if (typed.trim().length >= SHORTEST) this.#timer = setTimeout(() => this.#suggest(typed.trim()), PAUSE_MS);
  }

  #suggests(name) {
    return [...this.#suggested.options].some((one) => one.value === name);
  }

  async #suggest(beginning) {
    try {
      const answer = await get(`/colleagues/?q=${encodeURIComponent(beginning)}`);
      if (!answer.ok || this.#field.value.trim() !== beginning) return;
      const { people } = await answer.json();
      this.#suggested.replaceChildren(...people.map(({ name, full_name: full }) => new Option(full || name, name)));
    } catch {
      // no suggestions without a network; a whole name can be typed
    }
  }
}
