// Instructions and parameters of this conversation, or of the one that is about to begin. The dialog comes when it is
// first asked for, with its words and what is set.

import { afterChanges, choose, chosen, show } from "./beginning.js";
import { complain, fetchedDialog } from "./fragment.js";
import { get, post, say } from "./page.js";
import { fill, read, slide } from "./parameters_form.js";

// Another effort beside the composer. What was not taken is not shown.
export async function think(select, { conversation, composer }) {
  composer.complain("");
  try {
    await set({ effort: select.value || null }, conversation);
  } catch (problem) {
    select.value = select.dataset.effort;
    complainAt(composer, problem);
  }
}

// The conversation has begun with others than were chosen by then. What was not taken is not shown.
export async function catchUp(now, before = {}, { conversation, composer }) {
  const late = Object.entries(now).filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(before[name]));
  try {
    await set(Object.fromEntries(late), conversation);
  } catch (problem) {
    show(before);
    complainAt(composer, problem);
  }
}

// The parameters as they are then. Throws what the server said of them, or that it said nothing.
export async function set(changes, { id }) {
  if (!id) choose({ ...chosen(), ...changes });
  const all = id ? (await answered(await post(`/c/${id}/parameters/`, changes, { keepalive: !changes.instructions }))).parameters : chosen();
  show(all);
  return all;
}

// A conversation begins with a preset.
export async function use(button, { conversation, announce, composer }) {
  try {
    const { name, parameters } = await answered(await get(`/presets/${button.dataset.preset}/values/`));
    await set(parameters, conversation);
    for (const one of document.querySelectorAll("[data-preset]")) one.setAttribute("aria-pressed", String(one === button));
    announce(name);
    document.getElementById("prompt").focus();
  } catch (problem) {
    complainAt(composer, problem);
  }
}

const picked = () => document.getElementById("model")?.value ?? "";

const address = ({ id }) => (id ? `/parameters/?conversation=${id}` : `/parameters/?model=${encodeURIComponent(picked())}`);

// The dialog, with what is set once all changes have arrived.
export async function open(button, { conversation, announce, composer }) {
  button.closest("details")?.removeAttribute("open");
  const isNew = !conversation.id;
  try {
    const dialog = await afterChanges(() => fetchedDialog(address(conversation)));
    if (!dialog) return null;
    if (isNew && conversation.id) return open(button, { conversation, announce, composer }); // it began meanwhile
    wire(dialog, { conversation, announce });
    if (isNew) fill(dialog, chosen() ?? {});
    return dialog.showModal();
  } catch (problem) {
    return complainAt(composer, problem);
  }
}

function wire(dialog, { conversation, announce }) {
  const form = dialog.querySelector("[data-set]");
  const keep = dialog.querySelector("#keep-preset");
  for (const row of form.querySelectorAll("[data-parameter]")) slide(row);
  form.onsubmit = (event) => submit(event, dialog, async () => {
    await set(read(form), conversation);
    dialog.close();
    announce(dialog.dataset.saved);
  });
  form.elements.preset?.addEventListener("change", () => submit(null, dialog, async () => {
    const { value } = form.elements.preset;
    if (value) fill(dialog, (await answered(await get(`/presets/${value}/values/`))).parameters);
  }));
  dialog.querySelector("[data-cancel]").onclick = () => dialog.close();
  const opener = dialog.querySelector("[data-keep]");
  opener.onclick = () => {
    keep.hidden = !keep.hidden;
    opener.setAttribute("aria-expanded", String(!keep.hidden));
    if (!keep.hidden) keep.elements.name.focus();
  };
  keep.onsubmit = (event) => submit(event, dialog, async () => {
    const { name, team } = keep.elements;
    await answered(await post("/presets/", { name: name.value, team: Boolean(team?.checked), parameters: { ...read(form), model: picked() } }));
    opener.click();
    dialog.querySelector("[data-said]").textContent = dialog.dataset.kept;
  });
}

async function submit(event, dialog, work) {
  event?.preventDefault();
  tell(dialog, "");
  try {
    await work();
  } catch (problem) {
    tell(dialog, problem.detail ?? say("not_reached"));
  }
}

async function answered(answer) {
  const said = await answer.json();
  if (!answer.ok) throw said;
  return said;
}

function complainAt(composer, problem) {
  composer.complain(problem.detail ?? say("not_reached"), problem.incident);
}

function tell(dialog, words) {
  complain(dialog, words);
  dialog.querySelector("[data-said]").textContent = "";
}
