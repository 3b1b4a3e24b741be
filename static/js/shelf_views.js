// Which list the sidebar shows: all conversations, the archive, the trash, or those with a tag.

import { get, say } from "./page.js";
import { name } from "./shelf_dialogs.js";
import { fill, show } from "./shelf_menu.js";
import { notice } from "./shelf_verbs.js";

export async function choices(button, page, onName) {
  const tags = await known();
  if (!tags) return notice(say("not_reached"));
  show(button, (menu) => {
    const tag = tags.find(({ id }) => page.sidebar.query === `?tag=${id}`);
    fill(menu, "shelf-views", (entry) => offered(entry, { tag, page, onName }), () => menu.hidePopover());
    menu.querySelector("hr").before(...tags.map((one) => entryOf(one, menu, page)));
    for (const entry of menu.querySelectorAll("[data-query]")) entry.setAttribute("aria-checked", String(entry.dataset.query === page.sidebar.query));
  });
}

async function known() {
  try {
    const answer = await get("/shelf/choices");
    return answer.ok ? (await answer.json()).tags : null;
  } catch {
    return null;
  }
}

function offered({ query, do: what, ofTag }, { tag, page, onName }) {
  if (query !== undefined) return () => look(query, page);
  if (ofTag !== undefined) return tag ? () => onTag(what, tag, page, onName) : null;
  return () => name(what, "create");
}

function entryOf({ id, name: text }, menu, page) {
  const entry = menu.querySelector("[data-query]").cloneNode();
  Object.assign(entry, { textContent: text, dir: "auto" });
  entry.dataset.query = `?tag=${id}`;
  entry.classList.add("tag");
  entry.onclick = () => {
    menu.hidePopover();
    look(`?tag=${id}`, page);
  };
  return entry;
}

async function look(query, { sidebar }) {
  try {
    await sidebar.show(query);
  } catch {
    notice(say("not_reached"));
  }
}

async function onTag(what, tag, page, onName) {
  if ((await onName("tag", what, tag.id, tag.name)) && what === "delete") look("", page);
}
