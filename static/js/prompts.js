// Saved prompts in the composer: "/" at its beginning opens a list that narrows as one types. Comes with the first "/".

import { fetched } from "./fragment.js";
import { get, say } from "./page.js";
import { ask } from "./prompts_form.js";
import { variables } from "./variables.js";

const field = document.getElementById("prompt");
let list = null; // role=listbox, once it is here
let active = null; // the option that Enter takes
let coming = null; // it is being fetched
let choosing = false; // its text is on its way
let refused = false; // closed by Escape until something else is begun

export async function offer(composer) {
  if (refused) return;
  if (!list) await (coming ??= arrive(composer).finally(() => (coming = null)));
  narrow(composer);
}

async function arrive(composer) {
  try {
    const pieces = await fetched("/prompts/box/");
    for (const piece of pieces.children) document.getElementById(piece.id)?.remove();
    field.closest("form").append(pieces.getElementById("prompts"));
    document.body.append(pieces);
    list = document.getElementById("prompts-list");
    wire(composer);
  } catch {
    refused = true; // the text stays what it is: a message that begins with a slash
  }
}

function wire(composer) {
  list.onpointerdown = (event) => event.preventDefault(); // the field keeps the focus
  list.onclick = ({ target }) => target.closest("[role=option]") && choose(target.closest("[role=option]"), composer);
  if (field.dataset.offers) return;
  field.dataset.offers = "";
  field.addEventListener("keydown", (event) => key(event, composer), { capture: true });
  field.addEventListener("input", () => {
    if (field.value.startsWith("/")) return;
    refused = false;
    close();
  });
  field.addEventListener("blur", close);
}

function narrow(composer) {
  if (!list) return;
  const asked = field.value.startsWith("/") && !field.value.includes("\n") && document.activeElement === field && !refused && !choosing;
  const words = field.value.slice(1).toLowerCase().split(/\s+/).filter(Boolean);
  const options = [...list.querySelectorAll("[data-prompt]")];
  const found = options.filter((option) => words.every((word) => option.textContent.toLowerCase().includes(word)));
  if (!asked || (words.length && !found.length)) return close();
  for (const option of options) option.hidden = !found.includes(option);
  list.parentNode.hidden = false;
  field.setAttribute("role", "combobox");
  field.setAttribute("aria-controls", list.id);
  field.setAttribute("aria-expanded", "true");
  field.setAttribute("aria-autocomplete", "list");
  mark(found[0] ?? shown()[0]);
  composer.announce(counted(found.length));
}

function counted(n) {
  const template = document.getElementById(n === 1 ? "prompts-found-one" : "prompts-found");
  return template.content.textContent.replace("{n}", n);
}

function close() {
  if (!isOpen()) return;
  list.parentNode.hidden = true;
  for (const name of ["role", "aria-controls", "aria-expanded", "aria-autocomplete", "aria-activedescendant"]) field.removeAttribute(name);
}

const shown = () => [...list.querySelectorAll("[role=option]:not([hidden])")];

function mark(option) {
  active?.setAttribute("aria-selected", "false");
  active = option;
  option.setAttribute("aria-selected", "true");
  option.scrollIntoView({ block: "nearest" });
  field.setAttribute("aria-activedescendant", option.id);
}

function key(event, composer) {
  if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
  const isTaken = choosing ? event.key === "Enter" && !event.shiftKey : isOpen() && answer(event, composer);
  if (!isTaken) return;
  event.preventDefault();
  event.stopImmediatePropagation();
}

const isOpen = () => list && !list.parentNode.hidden;

// Whether that key does something in the list.
function answer(event, composer) {
  const options = shown();
  const at = options.indexOf(active);
  const steps = { ArrowDown: at + 1, ArrowUp: at - 1 + options.length, Home: 0, End: options.length - 1 };
  if (event.key in steps && !event.shiftKey) mark(options[steps[event.key] % options.length]);
  else if (event.key === "Enter" && !event.shiftKey) choose(active, composer);
  else if (event.key === "Tab" && !event.shiftKey) choose(active, composer);
  else if (event.key === "Escape") {
    refused = true;
    close();
  } else return false;
  return true;
}

async function choose(option, composer) {
  close();
  if (option.dataset.manage) {
    composer.dropDraft();
    location.assign(option.dataset.manage);
    return;
  }
  const words = field.value;
  choosing = true;
  try {
    const { name, text } = await fetchedText(option.dataset.prompt);
    const asked = variables(text);
    if (asked.length) ask(name, text, asked, (filled) => put(filled, words, composer));
    else put(text, words, composer);
  } catch {
    composer.complain(say("not_reached"));
  } finally {
    choosing = false;
  }
}

async function fetchedText(prompt) {
  const answer = await get(`/prompts/${prompt}/text/`);
  if (!answer.ok) throw new Error(answer.statusText);
  return answer.json();
}

// In the place of the words that found it; what was typed since stays. The list is fetched anew for the next one: it may
// have changed meanwhile.
function put(text, words, composer) {
  if (field.value.startsWith(words)) composer.fill(text + field.value.slice(words.length));
  else composer.putBack(text);
  list = null;
}
