// Dialogs that come from the server when they are first asked for: how the pages look, and what the keys do.

import { wire } from "./appearance.js";
import { fetchedDialog, once } from "./fragment.js";
import { say } from "./page.js";

const PATHS = { appearance: "/accounts/appearance/?as=dialog", shortcuts: "/shortcuts/" };
const APPLE = { Ctrl: "⌘", Alt: "⌥", Shift: "⇧" };
const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
const arrivals = Object.fromEntries(Object.entries(PATHS).map(([name, path]) => [name, once(() => arrive(path))]));

export async function open(name, announce) {
  try {
    show(await arrivals[name]());
  } catch {
    announce(say("not_reached"));
  }
}

async function arrive(path) {
  const dialog = await fetchedDialog(path);
  prepare(dialog);
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
