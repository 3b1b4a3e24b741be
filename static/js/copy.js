// Copying a message or a block of code, with its formatting where the place it goes to can use it.

import { fromTemplate, say } from "./page.js";

const SHOWN_MS = 1600;

export function decorateCode(root) {
  for (const caption of root.querySelectorAll(".code > figcaption:not(:has(button))")) {
    caption.append(fromTemplate("code-copy-template"));
  }
}

export function listenForCopies(announce) {
  document.addEventListener("click", async ({ target }) => {
    const button = target.closest("[data-copy]");
    if (!button) return;
    const copied = await copy(source(button));
    announce(say(copied ? "copied" : "not_copied"));
    if (copied) showDone(button);
  });
}

function source(button) {
  if (button.dataset.copy === "code") return button.closest(".code").querySelector("code");
  return button.closest(".message").querySelector('[data-text], [data-part="text"]');
}

async function copy(element) {
  const text = element.innerText.trim();
  try {
    if (!element.matches(".prose")) await navigator.clipboard.writeText(text);
    else await navigator.clipboard.write([new ClipboardItem({ "text/plain": asBlob(text, "text/plain"), "text/html": asBlob(element.innerHTML, "text/html") })]);
    return true;
  } catch {
    return copySelection(element); // pages served over plain HTTP have no clipboard
  }
}

const asBlob = (text, type) => new Blob([text], { type });

function copySelection(element) {
  const selection = getSelection();
  selection.selectAllChildren(element);
  const copied = document.execCommand("copy");
  selection.removeAllRanges();
  return copied;
}

function showDone(button) {
  const use = button.querySelector("use");
  use.setAttribute("href", "#icon-done");
  setTimeout(() => use.setAttribute("href", "#icon-copy"), SHOWN_MS);
}
