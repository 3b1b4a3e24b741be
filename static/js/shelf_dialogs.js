// The questions of the shelf: which folder, which tags, what name, and whether it is meant. What is typed stays until the
// server has it.

import { complain } from "./fragment.js";
import { get, say } from "./page.js";
import { notice, perform, request, word } from "./shelf_verbs.js";

// Into which folder, or which tags; done when the server has it. Of one conversation it begins with those that it has.
export async function choose(kind, ids) {
  const found = await chosen(ids);
  if (!found) return false;
  const dialog = document.getElementById(`shelf-${kind}`);
  offer(dialog, kind === "move" ? folders(found) : tags(found));
  return ask(dialog, (form) => (kind === "move" ? move(form, ids) : tag(form, ids, found)));
}

async function chosen(ids) {
  try {
    const answer = await get(`/shelf/choices${ids.length === 1 ? `?conversation=${ids[0]}` : ""}`);
    if (answer.ok) return await answer.json();
  } catch {
    // said below
  }
  notice(say("not_reached"));
  return null;
}

function folders({ folders: all, folder = null }) {
  return [{ id: "", name: word("no_folder") }, ...all].map((one) => ({ ...one, type: "radio", checked: one.id === (folder ?? "") }));
}

function tags({ tags: all, tagged = [] }) {
  return all.map((one) => ({ ...one, type: "checkbox", checked: tagged.includes(one.id) }));
}

function offer(dialog, choices) {
  const template = document.getElementById("shelf-choice").content.firstElementChild;
  const list = dialog.querySelector("[data-choices]");
  list.replaceChildren(
    ...choices.map(({ id, name: text, type, checked }) => {
      const label = template.cloneNode(true);
      Object.assign(label.querySelector("input"), { type, value: id, checked, defaultChecked: checked });
      label.querySelector("span").textContent = text;
      return label;
    }),
  );
}

const values = (form) => [...form.querySelectorAll("[name=choice]:checked")].map(({ value }) => value);
const typed = (form) => form.elements.name.value.trim();

async function move(form, ids) {
  let folder = values(form)[0] ? Number(values(form)[0]) : null;
  if (typed(form)) folder = (await request("create-folder", { name: typed(form) })).now.folder.id;
  form.elements.name.value = "";
  await perform("move", ids, { folder }, { quiet: true });
}

async function tag(form, ids, { tagged = [] }) {
  const wanted = values(form).map(Number);
  if (typed(form)) wanted.push((await request("create-tag", { name: typed(form) })).now.tag.id);
  form.elements.name.value = "";
  const gone = ids.length === 1 ? tagged.filter((one) => !wanted.includes(one)) : [];
  if (gone.length) await perform("untag", ids, { tags: gone }, { quiet: true });
  if (wanted.length) await perform("tag", ids, { tags: wanted }, { quiet: true });
}

// A new folder or tag, or another name for one.
export function name(kind, verb, fields = {}, old = "") {
  const dialog = document.getElementById("shelf-name");
  const field = dialog.querySelector("input");
  dialog.querySelector("h2").textContent = word(`${verb === "create" ? "new" : verb}_${kind}`);
  field.maxLength = kind === "folder" ? 60 : 40;
  field.defaultValue = old;
  return ask(dialog, () => perform(`${verb}-${kind}`, [], { ...fields, name: field.value }, { quiet: true }));
}

export function confirm(question, about, action) {
  const dialog = document.getElementById("shelf-sure");
  dialog.querySelector("h2").textContent = question;
  dialog.querySelector("[data-about]").textContent = about;
  return ask(dialog, action);
}

// Show the dialog until the action succeeds or the person leaves it; whether it succeeded.
function ask(dialog, action) {
  const form = dialog.querySelector("form");
  form.reset();
  complain(form, "");
  return new Promise((done) => {
    let isDone = false;
    form.onsubmit = async (event) => {
      event.preventDefault();
      form.inert = true;
      try {
        isDone = (await action(form)) !== false;
        dialog.close();
      } catch (error) {
        complain(form, error.message);
      }
      form.inert = false;
    };
    dialog.querySelector("[data-cancel]").onclick = () => dialog.close();
    dialog.onclose = () => done(isDone);
    dialog.showModal();
  });
}
