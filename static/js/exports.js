// The page of a person's exports: while one is being made, the list is asked for again, and what changed is said.

import { showTimes } from "./local_times.js";

const EVERY_MS = 2000;
const place = document.getElementById("exports");
const said = document.getElementById("announcer");

function rows() {
  return new Map([...place.querySelectorAll("[data-export]")].map((row) => [row.dataset.export, row]));
}

async function look() {
  const answer = document.hidden ? null : await fetch(place.dataset.list).catch(() => null);
  const isAsked = place.querySelector("details[open]"); // whether it is meant: the question stays
  if (answer?.ok && !answer.redirected && !isAsked) show(await answer.text());
  if (place.querySelector("[data-open]")) setTimeout(look, EVERY_MS);
}

// Who is on a button of a row stays in that row.
function show(html) {
  const before = new Map([...rows()].map(([id, row]) => [id, row.dataset.state]));
  const held = place.contains(document.activeElement) && document.activeElement.closest("[data-export]")?.dataset.export;
  place.innerHTML = html;
  showTimes(place);
  rows().get(held)?.querySelector("a, button")?.focus();
  tell(before);
}

function tell(before) {
  const words = [...rows()]
    .filter(([id, row]) => before.has(id) && before.get(id) !== row.dataset.state)
    .map(([, row]) => `${row.querySelector(".kept-name").textContent}: ${row.querySelector("[data-said]").textContent}`);
  if (words.length) said.textContent = words.join("\n");
}

look();
