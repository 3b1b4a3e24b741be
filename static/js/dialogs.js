// Dialogs that come from the server when they are first asked for: how the pages look, and what the keys do.

import { wire } from "./appearance.js";
import { get, say } from "./page.js";

const PATHS = { appearance: "/accounts/appearance/?as=dialog", shortcuts: "/shortcuts/" };
const APPLE = { Ctrl: "⌘", Alt: "⌥", Shift: "⇧" };
const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
const arrivals = new Map();

export async function open(name, announce) {
  try {
    if (!arrivals.has(name)) arrivals.set(name, arrive(PATHS[name]));
    show(await arrivals.get(name));
  } catch {
    arrivals.delete(name); // no network; asked for again, it tries again
    announce(say("not_reached"));
  }
}

async function arrive(path) {
  const answer = await get(path);
  if (!answer.ok) throw new Error(answer.statusText);
  const template = document.createElement("template");
  template.innerHTML = await answer.text();
  const styles = [...template.content.querySelectorAll("link")].filter((link) => !document.querySelector(`link[href="${link.getAttribute("href")}"]`));
  const styled = styles.map((style) => new Promise((done) => (style.onload = style.onerror = done)));
  const dialog = template.content.querySelector("dialog");
  document.head.append(...styles);
  document.body.append(dialog);
  prepare(dialog);
  await Promise.all(styled);
  return dialog;
}

function prepare(dialog) {
  dialog.querySelector("[data-close]").onclick = () => dialog.close();
  dialog.addEventListener("click", ({ target }) => target === dialog && dialog.close()); // beside it
  for (const form of dialog.querySelectorAll("[data-appearance]")) wire(form);
  if (isMac) for (const key of dialog.querySelectorAll("kbd")) key.textContent = APPLE[key.textContent] ?? key.textContent;
}

// From the person's menu: that closes, and its button is where the focus comes back to.
function show(dialog) {
  if (dialog.open) return;
  const menu = document.activeElement?.closest("details.person");
  if (menu) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
  dialog.showModal();
}
