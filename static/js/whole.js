// Says that the page did not come whole. Where one of its modules is lost, none that needs it runs, and nothing else would
// tell. It imports nothing, or it might be lost with them.

const KEY = "typed"; // in a page that kept nothing
const line = document.getElementById("connection");
const field = document.getElementById("prompt");

function complain() {
  line.dataset.state = "broken";
  line.querySelector(".connection-text").textContent = line.dataset.broken;
  const retry = line.querySelector("[data-retry]");
  retry.hidden = false;
  retry.onclick = () => {
    keep(field.value);
    location.reload();
  };
}

function keep(text) {
  try {
    sessionStorage.setItem(KEY, text);
  } catch {
    // Storage is full or switched off.
  }
}

function restore() {
  try {
    field.value ||= sessionStorage.getItem(KEY) ?? "";
    sessionStorage.removeItem(KEY);
  } catch {
    // As above: then nothing was kept.
  }
}

restore(); // before field.js looks at what was typed early
addEventListener("load", () => {
  if (line.dataset.state === "loading") complain(); // main.js would have begun to connect
});
