// The page of what is shared: links can be copied from it.

const said = document.getElementById("announcer");

for (const button of document.querySelectorAll("[data-copy-link]")) {
  button.hidden = !navigator.clipboard; // over plain HTTP there is none; the title leads to the same address
  button.onclick = () => copy(button);
}

async function copy(button) {
  const url = new URL(button.dataset.copyLink, location.href).href;
  try {
    await navigator.clipboard.writeText(url);
    said.textContent = said.dataset.copied;
    button.textContent = said.dataset.copied;
  } catch {
    said.textContent = said.dataset.notCopied;
  }
}
