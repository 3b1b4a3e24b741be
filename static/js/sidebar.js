// The list of conversations: newest first without a reload, older ones on demand, a drawer on a phone.

import { fromTemplate, say } from "./page.js";

const narrow = matchMedia("(max-width: 52rem)");

export class Sidebar {
  #list = document.getElementById("entries");
  #room = document.getElementById("room");
  #older = document.querySelector("[data-older]");
  #opener = document.querySelector("[data-sidebar-open]");

  constructor() {
    this.#opener.onclick = () => this.#toggle(true);
    for (const closer of document.querySelectorAll("[data-sidebar-close]")) closer.onclick = () => this.#toggle(false);
    document.addEventListener("keydown", ({ key }) => key === "Escape" && this.#escape());
    document.addEventListener("click", ({ target }) => target.closest(".person") || this.#closeMenu());
    if (this.#older) this.#older.onclick = () => this.#showOlder();
  }

  // This conversation has news: it goes to the top.
  put({ id, title, url }, { isCurrent }) {
    const item = this.#item(id) ?? fromTemplate("sidebar-template");
    const link = item.querySelector("a");
    item.dataset.conversation = id;
    link.href = url;
    link.textContent = title;
    if (isCurrent) link.setAttribute("aria-current", "page");
    if (this.#list.firstElementChild !== item) this.#list.prepend(item);
    document.getElementById("entries-none")?.remove();
  }

  #item(id) {
    return this.#list.querySelector(`[data-conversation="${CSS.escape(id)}"]`);
  }

  #toggle(open) {
    if (!narrow.matches) return void import("./shortcuts.js").then(({ showSidebar }) => showSidebar(open));
    if (document.body.classList.contains("sidebar-open") === open) return;
    document.body.classList.toggle("sidebar-open", open);
    this.#room.inert = open;
    this.#opener.setAttribute("aria-expanded", String(open));
    if (open) document.querySelector(".sidebar-close").focus();
    else this.#opener.focus();
  }

  #escape() {
    this.#closeMenu();
    if (narrow.matches) this.#toggle(false);
  }

  #closeMenu() {
    document.querySelector(".person").open = false;
  }

  async #showOlder() {
    const before = [...this.#list.children].map((item) => item.dataset.updated).filter(Boolean).at(-1);
    this.#older.disabled = true;
    try {
      const answer = await fetch(`/conversations/?before=${encodeURIComponent(before ?? "")}`, { redirect: "error" });
      if (!answer.ok) throw new Error(answer.statusText);
      this.#append(await answer.text());
    } catch {
      this.#older.textContent = say("older_failed");
    }
    this.#older.disabled = false;
  }

  #append(html) {
    const template = document.createElement("template");
    template.innerHTML = html;
    const items = [...template.content.children].filter((item) => !this.#item(item.dataset.conversation));
    this.#list.append(...items);
    this.#older.hidden = items.length === 0;
  }
}
