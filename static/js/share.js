// Sharing a conversation: a dialog that comes from the server each time, with its words; then the link it leads to.

import { Chosen } from "./chosen.js";
import { complain, fetchedDialog } from "./fragment.js";
import { post, say } from "./page.js";

export async function share({ conversation, thread, announce }) {
  const path = `/c/${conversation.id}/share/`;
  const tip = thread.newest;
  try {
    const dialog = await fetchedDialog(path);
    if (!dialog) return;
    wire(dialog, { path, tip, announce });
    dialog.showModal();
  } catch {
    announce(say("not_reached"));
  }
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
    complain(dialog, say("not_reached"));
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
