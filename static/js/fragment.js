// Pieces of the page that the server has: fetched with their styles when the first is asked for. And the line in one
// that says what is wrong.

import { get, parse } from "./page.js";

const coming = new Set(); // paths of dialogs

// What comes once; if it did not, it is asked for again the next time.
export function once(bring) {
  let arrival = null;
  const forget = (error) => {
    arrival = null;
    throw error;
  };
  return () => (arrival ??= bring().catch(forget));
}

// Its content, once its styles are here. Throws where it did not come.
export async function fetched(path) {
  const answer = await get(path);
  if (!answer.ok) throw new Error(answer.statusText);
  const content = parse(await answer.text());
  await Promise.all([...content.querySelectorAll("link")].map(styled));
  return content;
}

// The dialog, on the page, in the place of the one that was fetched before it. Null where it is on its way already, or
// open: what is typed there stays.
export async function fetchedDialog(path) {
  if (coming.has(path)) return null;
  coming.add(path);
  try {
    const dialog = (await fetched(path)).querySelector("dialog");
    const old = document.getElementById(dialog.id);
    if (old?.open) return null;
    old?.remove();
    document.body.append(dialog);
    return dialog;
  } finally {
    coming.delete(path);
  }
}

export function complain(place, words) {
  const line = place.querySelector("[data-error]");
  line.textContent = words;
  line.hidden = !words;
}

// A stylesheet is loaded once.
function styled(link) {
  link.remove();
  if (document.head.querySelector(`link[href="${link.getAttribute("href")}"]`)) return null;
  document.head.append(link);
  return new Promise((done) => (link.onload = link.onerror = done));
}
