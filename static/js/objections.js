// A person's say about what a rule or a model did: reporting a reply, asking for a review. One small dialog each, which
// come when the first is asked for.

import { complain, fetched, once } from "./fragment.js";
import { post, say } from "./page.js";

let current = null; // what the dialog that was opened last is about: path, button, announce

export async function object(button, announce) {
  const kind = button.hasAttribute("data-report") ? "report" : "appeal";
  const reply = button.closest("[data-message]")?.dataset.message;
  const path = button.dataset.appeal ? `incidents/${button.dataset.appeal}` : `replies/${reply}`;
  const about = (current = { path: `/${path}/${kind}/`, button, announce });
  try {
    await arrive();
    open(document.getElementById(kind));
  } catch {
    answer(say("not_reached"), about);
  }
}

const arrive = once(async () => {
  const dialogs = await fetched("/objections/");
  for (const dialog of dialogs.children) wire(dialog);
  document.body.append(dialogs);
});

function wire(dialog) {
  dialog.querySelector("form").onsubmit = (event) => submit(event, dialog);
  dialog.querySelector("[data-cancel]").onclick = () => dialog.close();
}

function open(dialog) {
  dialog.querySelector("form").reset();
  complain(dialog, "");
  dialog.querySelector("[data-confirm]").disabled = false;
  if (!dialog.open) dialog.showModal();
}

async function submit(event, dialog) {
  event.preventDefault();
  const form = event.target;
  for (const field of form.querySelectorAll("textarea")) field.value = field.value.trim();
  if (!form.reportValidity()) return;
  const confirm = dialog.querySelector("[data-confirm]");
  const about = current;
  confirm.disabled = true;
  const arrived = await arrives(about.path, Object.fromEntries(new FormData(form)));
  const isOpen = dialog.open && current === about; // it may be about another reply by now
  if (isOpen) confirm.disabled = false;
  if (isOpen && !arrived) return complain(dialog, say("not_reached"));
  if (isOpen) dialog.close();
  answer(say(arrived ? "thank_you" : "not_reached"), about);
}

async function arrives(path, fields) {
  try {
    return (await post(path, fields)).ok;
  } catch {
    return false;
  }
}

// Said where the person asked. Asking again is harmless, so the button may stay.
function answer(words, about) {
  const place = about.button.parentNode.querySelector("[data-thanks]");
  if (place) place.textContent = words;
  about.announce(words);
}
