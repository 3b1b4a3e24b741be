// What the shelf asks of the server, what it says about it, and its templates and words, which come once.

import { fetched, once } from "./fragment.js";
import { post, say } from "./page.js";

const NOTICE_MS = 6000;
const UNDONE_BY = { trash: "restore", restore: "trash", archive: "unarchive", unarchive: "archive" };

let words = {};
let page = null; // sidebar, id, receive, announce
let timer = 0;

export function use(it) {
  page = it;
}

export const arrive = once(async () => {
  const pieces = await fetched("/shelf/");
  words = JSON.parse(pieces.querySelector("#shelf-words").textContent);
  pieces.querySelector("#shelf-words").remove();
  document.body.append(pieces);
  document.querySelector("#shelf-notice [data-undo]").onclick = undo;
});

// Where a list's conversations are kept, if that is all it shows.
export const placeOf = (query) => ({ "?view=archive": "archive", "?view=trash": "trash" })[query];

// `n` chooses between what is said of one and of several.
export function word(key, n = 1, values = {}) {
  const text = words[key] ?? words[`${key}_${n === 1 ? "one" : "other"}`] ?? "";
  return text.replace(/\{(\w+)\}/g, (_, name) => ({ n, ...values })[name] ?? "");
}

// The answer of a verb, which the page then knows as its other tabs do. Throws what a person can read.
export async function request(verb, fields) {
  const answer = await post(`/conversations/${verb}/`, fields).catch(() => null);
  const frame = await answer?.json().catch(() => null);
  if (!answer?.ok) throw new Error(frame?.type === "refused" ? frame.detail : say("not_reached"));
  page.receive(frame);
  return frame;
}

// Do it and say so; what can be taken back offers that. Returns whether it was done, unless `quiet` lets the caller say.
export async function perform(verb, ids, fields = {}, { quiet = false } = {}) {
  try {
    await request(verb, ids.length ? { conversations: ids, ...fields } : fields);
  } catch (error) {
    if (quiet) throw error;
    notice(error.message);
    return false;
  }
  notice(word(verb, ids.length) || word("saved"), UNDONE_BY[verb] && { verb: UNDONE_BY[verb], ids });
  return true;
}

export function notice(text, undoing = null) {
  const line = document.getElementById("shelf-notice");
  line.querySelector("[data-words]").textContent = text;
  const button = line.querySelector("[data-undo]");
  button.hidden = !undoing;
  button.undoing = undoing;
  line.hidePopover();
  line.showPopover();
  clearTimeout(timer);
  timer = setTimeout(() => hide(line), NOTICE_MS);
}

// Not from under a finger or the focus.
function hide(line) {
  if (line.matches(":hover, :focus-within")) timer = setTimeout(() => hide(line), NOTICE_MS);
  else line.hidePopover();
}

function undo({ currentTarget }) {
  const { verb, ids } = currentTarget.undoing;
  perform(verb, ids);
}
