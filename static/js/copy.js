// Copying: a message as the Markdown it was written in, a block of code to the letter, a table for a sheet.

import { fromTemplate, get, say } from "./page.js";

const SHOWN_MS = 1600;

export function decorateCode(root) {
  for (const caption of root.querySelectorAll(".code > figcaption:not(:has(button))")) caption.append(fromTemplate("code-copy-template"));
  for (const table of root.querySelectorAll(".table:not(:has(> button))")) table.append(fromTemplate("table-copy-template"));
}

export function listenForCopies(announce) {
  document.addEventListener("click", async ({ target }) => {
    const button = target.closest("[data-copy]");
    if (!button) return;
    const copied = await SOURCES[button.dataset.copy](button);
    announce(say(copied ? "copied" : "not_copied"));
    if (copied) showDone(button);
  });
}

const SOURCES = {
  code: (button) => write(button.closest(".code").querySelector("code").textContent),
  table: (button) => write(cells(button.closest(".table").querySelector("table"))),
  message: (button) => copyMessage(button.closest(".message")),
};

function copyMessage(article) {
  const said = article.querySelector("[data-text]");
  if (said) return write(said.textContent);
  const shown = article.querySelector('[data-part="text"]');
  return write(source(article.dataset.message, shown), withoutButtons(shown));
}

// As it was written; as it is shown where that cannot be had.
async function source(message, shown) {
  const answer = await get(`/messages/${message}/source`).catch(() => null);
  return answer?.ok ? answer.text() : shown.innerText.trim();
}

const cells = (table) => [...table.rows].map((row) => [...row.cells].map(({ textContent }) => textContent.trim()).join("\t")).join("\n");

function withoutButtons(element) {
  const copy = element.cloneNode(true);
  for (const button of copy.querySelectorAll("button")) button.remove();
  return copy.innerHTML;
}

// The browser is asked at once, while it still knows that a person did: the text may come later.
async function write(text, html) {
  const kinds = { "text/plain": asBlob(text, "text/plain"), ...(html && { "text/html": asBlob(html, "text/html") }) };
  try {
    await navigator.clipboard.write([new ClipboardItem(kinds)]);
    return true;
  } catch {
    return copySelection(await text); // pages served over plain HTTP have no clipboard
  }
}

const asBlob = async (text, type) => new Blob([await text], { type });

function copySelection(text) {
  const field = document.createElement("textarea");
  field.className = "visually-hidden";
  field.value = text;
  const active = document.activeElement;
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  active?.focus({ preventScroll: true });
  return copied;
}

function showDone(button) {
  const use = button.querySelector("use");
  use.setAttribute("href", "#icon-done");
  setTimeout(() => use.setAttribute("href", "#icon-copy"), SHOWN_MS);
}
