// Pages beside the chat: buttons that copy a link, or a text that is not shown again.

const said = document.getElementById("announcer");

for (const button of document.querySelectorAll("[data-copy-link], [data-copy-text]")) {
  button.hidden = !navigator.clipboard; // over plain HTTP there is none; what it would copy is on the page, too
  button.onclick = () => copy(button);
}

async function copy(button) {
  const { copyText, copyLink } = button.dataset;
  try {
    await navigator.clipboard.writeText(copyText ?? new URL(copyLink, location.href).href);
    said.textContent = said.dataset.copied;
    button.textContent = said.dataset.copied;
  } catch {
    said.textContent = said.dataset.notCopied;
  }
}
