// Sharing a conversation: a dialog that comes from the server each time, with its words; then the link it leads to.

import { Chosen } from "./chosen.js";
import { get, post, say } from "./page.js";

export async function share({ conversation, tip, announce }) {
  const path = `/c/${conversation}/share/`;
  try {
    const dialog = await arrive(path);
    wire(dialog, { path, tip, announce });
    dialog.showModal();
  } catch {
    announce(say("not_reached"));
  }
}

async function arrive(path) {
  const answer = await get(path);
  if (!answer.ok) throw new Error(answer.statusText);
  const template = document.createElement("template");
  template.innerHTML = await answer.text();
  await Promise.all([...template.content.querySelectorAll("link")].map(styled));
  document.getElementById("share")?.remove();
  document.body.append(template.content.querySelector("dialog"));
  return document.getElementById("share");
}

function styled(link) {
  const known = [...document.head.querySelectorAll("link")].some((one) => one.href === link.href);
  if (known) return null;
  document.head.append(link);
  return new Promise((done) => (link.onload = link.onerror = done));
}

function wire(dialog, about) {
  const form = dialog.querySelector("[data-ask]");
  if (!form) return;
  const people = form.querySelector("[data-people]");
  const chosen = new Chosen(people);
  // Nothing else may move here: a field tells of its change when the mouse is already down on the button.
  form.onchange = () => (people.hidden = form.elements.audience.value !== "people");
  form.onsubmit = (event) => {
    event.preventDefault();
    ask(dialog, chosen, about);
  };
  dialog.querySelector("[data-cancel]").onclick = () => dialog.close();
}

async function ask(dialog, chosen, { path, tip, announce }) {
  const form = dialog.querySelector("[data-ask]");
  const confirm = form.querySelector("[data-confirm]");
  const { audience, days, reasoning } = form.elements;
  chosen.take();
  const wish = { audience: audience.value, people: chosen.names, days: Number(days.value) || null, reasoning: reasoning.checked, tip };
  confirm.disabled = true;
  complain(dialog, "");
  try {
    const answer = await (await post(path, wish)).json();
    if (answer.url) show(dialog, answer.url, announce);
    else complain(dialog, answer.detail);
  } catch {
    complain(dialog, dialog.dataset.notReached);
  }
  confirm.disabled = false;
}

function show(dialog, url, announce) {
  const made = dialog.querySelector("[data-made]");
  const link = made.querySelector("[data-link]");
  dialog.querySelector("[data-ask]").hidden = true;
  made.hidden = false;
  link.value = url;
  link.onfocus = () => link.select();
  made.querySelector("[data-copy-link]").onclick = () => copy(link, () => {
    made.querySelector("[data-said]").textContent = dialog.dataset.copied;
    announce(dialog.dataset.copied);
  });
  made.querySelector("[data-copy-link]").focus();
}

// Pages served over plain HTTP have no clipboard: there the selected field is copied.
async function copy(link, done) {
  try {
    await navigator.clipboard.writeText(link.value);
    done();
  } catch {
    link.select();
    if (document.execCommand("copy")) done();
  }
}

function complain(dialog, words) {
  const line = dialog.querySelector("[data-error]");
  line.textContent = words;
  line.hidden = !words;
}
