// Looking for what was said: results take the place of the list while there is something to look for. Comes with the
// first focus of the field.

import { fetched, once } from "./fragment.js";
import { showTimes } from "./local_times.js";
import { PATIENCE_MS, parse } from "./page.js";
import { clearFilters, countFilters, filters, query } from "./search_filters.js";

const PAUSE_MS = 200;
const form = document.getElementById("search");
const field = document.getElementById("query");
const sidebar = document.getElementById("sidebar");
const list = [document.querySelector(".sidebar-view"), document.getElementById("shelf")];
let asking = new AbortController();
let pause = 0;
let asked = null; // what the results are of

export function begin() {
  arrive().catch(() => {}); // no network; the next focus tries again
}

const arrive = once(async () => {
  form.after(await fetched("/search/panel/"));
  listen();
  look();
});

function listen() {
  field.oninput = () => wait(PAUSE_MS);
  form.onsubmit = (event) => (event.preventDefault(), decide());
  filters().onchange = () => (countFilters(), look());
  filters().querySelector("[data-clear]").onclick = () => (clearFilters(), look());
  found().addEventListener("click", ({ target }) => target.matches("[data-page]") && more(target)); // a handler that returns false would keep links from opening
  sidebar.addEventListener("keydown", key);
}

// Enter opens the first result; where what is shown is of something else, it asks at once.
function decide() {
  if (asked === query(form)) links()[0]?.click();
  else look();
}

function wait(ms) {
  clearTimeout(pause);
  pause = setTimeout(look, ms);
}

async function look() {
  clearTimeout(pause);
  asking.abort();
  found().removeAttribute("aria-busy");
  const isSearching = field.value.trim() !== "";
  show(isSearching);
  if (!isSearching || asked === query(form)) return;
  const wanted = query(form);
  const html = await answered(wanted);
  if (!html) return;
  asked = html.querySelector(".found-problem") ? null : wanted; // what failed may be asked again
  found().replaceChildren(html);
  found().scrollTop = 0;
  tell();
}

async function more(button) {
  button.disabled = true;
  const html = await answered(`${asked}&page=${button.dataset.page}`);
  if (!html) return void (button.disabled = false);
  const first = html.querySelector("a");
  button.replaceWith(html);
  first?.focus();
}

// Null where somebody asked for something else meanwhile.
async function answered(wanted) {
  asking.abort();
  asking = new AbortController();
  const { signal } = asking;
  found().setAttribute("aria-busy", "true");
  try {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
    const answer = await fetch(`/search/?${wanted}`, { redirect: "manual", signal: limited });
    if (!answer.ok && answer.status !== 400) throw new Error(answer.statusText);
    const html = parse(await answer.text());
    showTimes(html);
    return html;
  } catch {
    return signal.aborted ? null : document.getElementById("found-failed").content.cloneNode(true);
  } finally {
    if (!signal.aborted) found().removeAttribute("aria-busy");
  }
}

function show(isSearching) {
  sidebar.classList.toggle("searching", isSearching);
  found().hidden = filters().hidden = !isSearching;
  for (const part of list) part.hidden = isSearching;
  if (!isSearching) [asked] = [null, found().replaceChildren(), status("")];
}

function tell() {
  status(found().querySelector(".found-words")?.textContent ?? "");
}

function status(words) {
  document.getElementById("found-status").textContent = words;
}

function key(event) {
  if (event.key === "Escape") return leave(event);
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  const places = [field, ...links()];
  const at = places.indexOf(document.activeElement);
  if (!step || at < 0 || event.altKey || found().hidden) return;
  event.preventDefault();
  places[Math.min(Math.max(at + step, 0), places.length - 1)].focus();
}

// Escape clears the field, from wherever in the search it is pressed, and closes nothing else.
function leave(event) {
  if (!field.value || !event.target.closest("#search, #found, #search-filters")) return;
  event.preventDefault();
  event.stopPropagation();
  field.value = "";
  look();
  field.focus();
}

const found = () => document.getElementById("found");
const links = () => [...found().querySelectorAll("a")];
