// Keeps the engine page as new as two seconds, while someone can see it.
const EVERY_MS = 2000;

const live = document.querySelector("#engine-live");
const stale = document.querySelector("#engine-stale");

async function read() {
  const answer = await fetch(live.dataset.from, { redirect: "error", headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Error(String(answer.status));
  return answer.text();
}

// Whoever is at one of the links by keyboard stays there, and a table scrolled aside stays scrolled.
function show(html) {
  const focused = live.contains(document.activeElement) ? document.activeElement.id : "";
  const scrolled = [...live.querySelectorAll(".wide")].map((box) => box.scrollLeft);
  live.innerHTML = html;
  live.querySelectorAll(".wide").forEach((box, index) => { box.scrollLeft = scrolled[index] ?? 0; });
  if (focused) document.getElementById(focused)?.focus({ preventScroll: true });
}

async function refresh() {
  if (document.hidden) return;
  try {
    show(await read());
    stale.hidden = true;
  } catch {
    stale.hidden = false;
  }
}

async function keepFresh() {
  await refresh();
  setTimeout(keepFresh, EVERY_MS);
}

document.addEventListener("visibilitychange", refresh);
setTimeout(keepFresh, EVERY_MS);
