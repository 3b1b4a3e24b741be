// A conversation as a file: a dialog that comes from the server each time, and the address that it leads to.

import { complain, fetchedDialog } from "./fragment.js";
import { get, say } from "./page.js";

// `page`: the conversation and the thread that are shown, and where to say what happened.
export async function ask(id, { conversation, thread, announce }) {
  const tip = id === conversation.id && thread.newest;
  try {
    const dialog = await fetchedDialog(`/c/${id}/export/${tip ? `?tip=${tip}` : ""}`);
    if (!dialog) return;
    wire(dialog, announce);
    dialog.showModal();
  } catch {
    announce(say("not_reached"));
  }
}

function wire(dialog, announce) {
  const form = dialog.querySelector("form");
  const ends = [form.elements.first, form.elements.last].filter(Boolean);
  const all = ends.map((end) => [...end.options]);
  form.onchange = ({ target }) => {
    if (target.name === "whole") ends.forEach((end, at) => offer(end, all[at], target.value === "1"));
    agree(ends, target);
  };
  ends.forEach((end, at) => offer(end, all[at], false));
  form.onsubmit = async (event) => {
    event.preventDefault();
    const address = `${form.action}?${new URLSearchParams(new FormData(form))}`;
    const button = form.querySelector("[data-confirm]");
    complain(dialog, "");
    button.disabled = true;
    const refusal = await refused(address);
    button.disabled = false;
    if (refusal) complain(dialog, refusal);
    if (refusal || !dialog.open) return;
    save(address);
    announce(dialog.dataset.begun);
    dialog.close();
  };
  dialog.querySelector("[data-cancel]").onclick = () => dialog.close();
}

// Without branches, the messages of this one. The first and the last are chosen again if theirs are not there.
function offer(end, options, whole) {
  const chosen = end.value;
  const isWhole = end.selectedIndex === (end.name === "first" ? 0 : end.options.length - 1);
  end.replaceChildren(...options.filter((one) => whole || "branch" in one.dataset));
  if (!isWhole) end.value = chosen;
  if (isWhole || end.selectedIndex < 0) end.selectedIndex = end.name === "first" ? 0 : end.options.length - 1;
}

// The last is never before the first.
function agree([first, last], changed) {
  if (!last || Number(first.value) <= Number(last.value)) return;
  if (changed === first) last.value = first.value;
  else first.value = last.value;
}

// Why there would be no file, in words: a download that fails says nothing. Empty where there will be one.
async function refused(address) {
  try {
    const answer = await get(`${address}&check=1`);
    return answer.ok ? await answer.text() : say("not_reached");
  } catch {
    return say("not_reached");
  }
}

// As a link would, so that an answer that is no file does not take the place of the page.
function save(address) {
  const link = document.createElement("a");
  link.href = address;
  link.download = "";
  link.click();
}
