// The list of conversations: pinned ones, folders, then by date; older ones on demand.

import { byDay } from "./days.js";
import { fromTemplate, get, parse, say } from "./page.js";

const OPEN_FOLDERS = "folders";

export class Sidebar {
  #shelf = document.getElementById("shelf");
  #current;
  #turn = 0;
  #isStale = false; // a list on its way

  constructor(current) {
    this.#current = current;
    this.wanted = this.query;
    this.#shelf.addEventListener("click", ({ target }) => target.matches("[data-older]") && this.#showOlder(target));
    this.#shelf.addEventListener("toggle", ({ target }) => this.#toggleFolder(target), { capture: true });
    this.#arrange();
  }

  // Which list is shown, as its address says it: "", "?view=trash", "?tag=3".
  get query() {
    return this.#shelf.dataset.query;
  }

  // This conversation has news: it goes to the top of where it is.
  put({ id, title, url, folder }, { isCurrent }) {
    if (isCurrent) this.#current = id;
    this.#isStale = true;
    const known = this.#item(id);
    const list = known?.closest("ul") ?? this.#listOf(folder);
    if (this.query === "?view=archive") known?.remove();
    else if (list) this.#putInto(list, known ?? fromTemplate("sidebar-template"), { id, title, url });
  }

  // It has another title, and stays where it is.
  retitle(id, title) {
    this.#isStale = true;
    const link = this.#item(id)?.querySelector("a");
    if (link) link.textContent = title;
  }

  // The list as the server has it now, or another one. Whoever asked last is answered.
  async show(query) {
    const turn = ++this.#turn;
    this.wanted = query;
    this.#isStale = false;
    const place = query === this.query ? this.#place("until", document.getElementById("entries")) : {};
    const html = await fetched(query, place).catch((error) => {
      if (turn === this.#turn) this.wanted = this.query;
      throw error;
    });
    await this.#renamed();
    if (turn !== this.#turn) return;
    if (this.#isStale) return void (await this.show(query));
    if (!html) return void (await this.show("")); // its tag is gone
    const focus = this.#focus();
    this.#shelf.dataset.query = query;
    const folders = this.#shelf.querySelectorAll("[data-loaded]");
    this.#shelf.replaceChildren(html);
    for (const old of folders) this.#shelf.querySelector(`[data-query="${old.dataset.query}"]`)?.append(...old.children);
    this.#arrange();
    focus();
    this.#shelf.dispatchEvent(new Event("listed"));
  }

  // A title that is being written stays until it is done.
  #renamed() {
    return this.#shelf.querySelector(".renaming") && new Promise((done) => this.#shelf.addEventListener("renamed", done, { once: true }));
  }

  #putInto(list, item, { id, title, url }) {
    const link = item.querySelector("a");
    item.dataset.conversation = id;
    item.dataset.updated = new Date().toISOString();
    link.href = url + this.query;
    link.textContent = title;
    if (list.dataset.list !== "pinned" && list.querySelector("li:not(.day)") !== item) list.prepend(item);
    document.getElementById("entries-none")?.remove();
    this.#arrange();
  }

  // Where a conversation belongs that is not shown: nowhere while its folder is closed or another list is shown.
  #listOf(folder) {
    if (this.query) return null;
    return folder ? this.#shelf.querySelector(`[data-query="?folder=${folder}"][data-loaded]`) : document.getElementById("entries");
  }

  #item(id) {
    return this.#shelf.querySelector(`[data-conversation="${CSS.escape(id)}"]`);
  }

  #arrange() {
    document.querySelector("[data-view]").textContent = document.getElementById("entries").dataset.name;
    for (const link of this.#shelf.querySelectorAll("[aria-current]")) link.removeAttribute("aria-current");
    if (this.#current) this.#item(this.#current)?.querySelector("a").setAttribute("aria-current", "page");
    byDay(document.getElementById("entries"));
    const open = remembered();
    for (const folder of this.#shelf.querySelectorAll(".folder")) {
      const details = folder.querySelector("details");
      if (open.has(folder.dataset.folder)) details.open = true;
      if (details.open) this.#fill(details.querySelector("ul"));
    }
  }

  #toggleFolder(details) {
    const { folder } = details.parentNode.dataset;
    const open = remembered();
    if (details.open) open.add(folder);
    else open.delete(folder);
    remember(open);
    if (details.open) this.#fill(details.querySelector("ul"));
  }

  async #fill(list) {
    if (list.dataset.loaded) return;
    list.dataset.loaded = "yes";
    try {
      list.replaceChildren((await fetched(list.dataset.query)) ?? "");
      this.#arrange();
    } catch {
      delete list.dataset.loaded; // opened again, it is asked for again
    }
  }

  async #showOlder(button) {
    const list = button.closest("ul");
    button.disabled = true;
    try {
      const html = await fetched(list.dataset.query ?? this.query, this.#place("before", list));
      for (const item of html.querySelectorAll("[data-conversation]")) if (this.#item(item.dataset.conversation)) item.remove();
      button.closest("li").replaceWith(html);
      this.#arrange();
      this.#shelf.dispatchEvent(new Event("listed"));
    } catch {
      button.textContent = say("older_failed");
      button.disabled = false;
    }
  }

  // The last one of a list, as an answer's beginning or end.
  #place(name, list) {
    const last = [...list.querySelectorAll("[data-updated]")].at(-1);
    return last ? { [name]: last.dataset.updated, [`${name}_id`]: last.dataset.conversation } : {};
  }

  // Where the focus was, it comes again: at the same conversation, or at the one that took its place.
  #focus() {
    const item = document.activeElement.closest("#shelf [data-conversation]");
    if (!item) return () => {};
    const at = [...this.#shelf.querySelectorAll("[data-conversation]")].indexOf(item);
    return () => {
      const items = [...this.#shelf.querySelectorAll("[data-conversation]")];
      (this.#item(item.dataset.conversation) ?? items[Math.min(at, items.length - 1)])?.querySelector("a").focus();
    };
  }
}

async function fetched(query, place = {}) {
  const asked = new URLSearchParams(query);
  for (const [name, value] of Object.entries(place)) asked.set(name, value);
  const answer = await get(`/conversations/?${asked}`);
  if (answer.status === 404) return null;
  if (!answer.ok) throw new Error(answer.statusText);
  return parse(await answer.text());
}

// Which folders are open is remembered by this browser.
function remembered() {
  try {
    return new Set(JSON.parse(localStorage.getItem(OPEN_FOLDERS)));
  } catch {
    return new Set(); // not ours, or storage is switched off
  }
}

function remember(open) {
  try {
    localStorage.setItem(OPEN_FOLDERS, JSON.stringify([...open]));
  } catch {
    // Storage is switched off: they are as they were when the page is loaded again.
  }
}
