// Sees to it that the page came whole: where a network changes, browsers drop what they are loading, and without one of
// its modules none that needs it runs. Then the page is loaded once more by itself; after that it says so. This imports
// nothing, or it might be lost with them; where it is lost itself, the page's styles have a link.

const KEY = "typed"; // in a page that kept nothing
const line = document.getElementById("connection");
const field = document.getElementById("prompt");

function judge() {
  const isDead = line.dataset.state === "loading"; // main.js would have begun to connect
  const isBare = [...document.querySelectorAll("link[rel=stylesheet]")].some(isLost);
  const [{ type }] = performance.getEntriesByType("navigation");
  if ((isDead || isBare) && type !== "reload" && navigator.onLine) again();
  else if (isDead) complain();
}

// Of a stylesheet that did not come there are no rules to be read.
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
    // As above: then nothing was kept.
  }
}

restore(); // before field.js looks at what was typed early
addEventListener("load", judge);
