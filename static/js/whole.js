// Where a network changes, browsers drop what they are loading. A page that did not come whole is loaded once more; after
// that it says so. This imports nothing, or it might be lost with it.

const KEY = "typed";
const line = document.getElementById("connection");
const field = document.getElementById("prompt");

function judge() {
  const isDead = line.dataset.state === "loading"; // main.js would have begun to connect
  const isBare = [...document.querySelectorAll("link[rel=stylesheet]")].some(isLost);
  const [{ type }] = performance.getEntriesByType("navigation");
  if ((isDead || isBare) && type !== "reload" && navigator.onLine) again();
  else if (isDead) complain();
}

function isLost({ sheet }) {
  try {
    return !sheet.cssRules;
  } catch {
    return true;
  }
}

function complain() {
  line.dataset.state = "broken";
  line.querySelector(".connection-text").textContent = line.dataset.broken;
  const retry = line.querySelector("[data-retry]");
  retry.hidden = false;
  retry.onclick = again;
}

function again() {
  try {
    sessionStorage.setItem(KEY, field.value);
  } catch {
    // Storage is full or switched off.
  }
  location.reload();
}

function restore() {
  try {
    field.value ||= sessionStorage.getItem(KEY) ?? "";
    sessionStorage.removeItem(KEY);
  } catch {
    // As above.
  }
}

restore(); // before field.js looks at what was typed early
addEventListener("load", judge);
