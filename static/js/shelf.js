// Keeping conversations in order, from the sidebar and from the bar. It comes when the first of it is asked for.

import { say } from "./page.js";
import { choose, confirm, name } from "./shelf_dialogs.js";
import { fill, openMenu } from "./shelf_menu.js";
import { edit } from "./shelf_title.js";
import { arrive, perform, placeOf, use, word } from "./shelf_verbs.js";

const room = document.getElementById("room");
const ACTS = { item, folder, views, more, title, select, restore: ofTheRoom, delete: ofTheRoom };

// `button` says what is wanted. `page`: the sidebar, the id of this page's conversation, and where to say what happened.
export async function act(button, page) {
  use(page);
  try {
    await arrive();
  } catch {
    return page.announce(say("not_reached")); // asked again, it tries again
  }
  await ACTS[button.dataset.shelf](button, page);
}

function item(button, page) {
  const row = button.closest("[data-conversation]");
  const place = placeOf(page.sidebar.query) ?? (row.hasAttribute("data-pinned") ? "pinned" : "here");
  const about = { id: row.dataset.conversation, heading: row.querySelector("a"), place, page };
  openMenu(button, "shelf-actions", (one) => offered(one, about));
}

// The menu of the bar is part of the page; what is about this conversation is put into it each time.
function more(summary, page) {
  const menu = document.querySelector("[data-shelf-menu]");
  const place = ["trashed", "archived", "pinned"].find((one) => room.hasAttribute(`data-${one}`));
  const about = { id: page.id, heading: document.getElementById("title"), place: { trashed: "trash", archived: "archive" }[place] ?? place ?? "here", page };
  menu.replaceChildren();
  if (!page.id || room.hasAttribute("data-deleted")) return;
  fill(menu, "shelf-actions", (one) => offered(one, about), () => {
    summary.parentNode.open = false;
    summary.focus();
  });
}

// What one entry of the menu does here, or nothing if it is not offered.
function offered({ verb, in: places }, { id, heading, place, page }) {
  if (!places.split(" ").includes(place)) return null;
  if (verb === "rename") return () => edit(headingNow(heading, id), id);
  if (verb === "export") return () => leave(id, page);
  return () => carryOut(verb, [id], heading.textContent);
}

// The list may have come anew since its menu was opened.
function headingNow(heading, id) {
  return heading.isConnected ? heading : document.querySelector(`#shelf [data-conversation="${id}"] a`);
}

async function leave(id, page) {
  const { ask } = await import("./export.js");
  ask(id, page);
}

// Of one conversation that is deleted the question says its title.
export async function carryOut(verb, ids, name = "") {
  if (verb === "move" || verb === "tag") return choose(verb, ids);
  if (verb !== "delete") return perform(verb, ids);
  const question = word(name ? "delete_conversation" : "sure", ids.length, { name });
  const done = await confirm(question, word("for_ever"), () => perform("delete", ids, {}, { quiet: true }));
  if (done && ids.includes(current())) location.assign("/?view=trash");
  return done;
}

const current = () => location.pathname.match(/^\/c\/([^/]+)\//)?.[1];

function ofTheRoom(button, page) {
  return carryOut(button.dataset.shelf, [page.id], document.getElementById("title").textContent);
}

function title(heading, page) {
  if (page.id && !room.matches("[data-trashed], [data-deleted]") && !getSelection().toString()) edit(heading, page.id);
}

function folder(button) {
  const row = button.closest(".folder");
  openMenu(button, "shelf-folder", ({ do: what }) => () => onName("folder", what, Number(row.dataset.folder), row.querySelector("summary").textContent));
}

function onName(kind, what, id, old) {
  if (what === "rename") return name(kind, "rename", { [kind]: id }, old);
  return confirm(word(`delete_${kind}`, 1, { name: old }), word("stays"), () => perform(`delete-${kind}`, [], { [kind]: id }, { quiet: true }));
}

async function views(button, page) {
  const { choices } = await import("./shelf_views.js");
  await choices(button, page, onName);
}

async function select(button, page) {
  const { toggle } = await import("./shelf_select.js");
  toggle(button, page, carryOut);
}
