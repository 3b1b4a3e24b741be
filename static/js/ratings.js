// What a person thinks of a reply. A press is saved at once; below a bad one they may say why. That form comes with the
// first, and there is one of it on the page.

import { fetched, once } from "./fragment.js";
import { post, say } from "./page.js";

const ratings = new WeakMap(); // of an article: how often it was pressed, what the server has, what is on its way

export async function rate(button, announce) {
  const article = button.closest("[data-message]");
  const value = isPressed(button) ? 0 : Number(button.dataset.rate);
  const rating = ratingOf(article);
  const turn = ++rating.turn;
  press(article, value);
  tell(article, "", announce);
  article.querySelector(":scope > .why")?.remove();
  const stands = () => rating.turn === turn; // who is quick has pressed again meanwhile
  const arrived = await arrives(article, { value });
  if (!stands()) return;
  if (!arrived) {
    press(article, rating.kept);
    tell(article, say("not_reached"), announce);
  } else if (value < 0) await ask(article, announce, stands);
  else if (value > 0) await import("./knowledge.js").then(({ offer }) => offer(article, announce, stands), () => {});
}

// Without its form the rating is saved all the same.
async function ask(article, announce, stands) {
  const form = await arrive().catch(() => null);
  if (!form || !stands()) return;
  form.reset();
  form.onsubmit = (event) => submit(event, article, announce, stands);
  form.querySelector("[data-close]").onclick = () => close(article);
  article.querySelector(".message-foot").after(form);
  form.scrollIntoView({ block: "nearest" });
  form.querySelector("input").focus({ preventScroll: true });
}

async function submit(event, article, announce, stands) {
  event.preventDefault();
  const said = new FormData(event.target);
  const fields = { value: -1, reasons: said.getAll("reasons"), note: said.get("note").trim() };
  const button = event.submitter ?? event.target.querySelector(".button");
  button.disabled = true;
  const arrived = await arrives(article, fields);
  button.disabled = false;
  if (!stands()) return;
  tell(article, arrived ? event.target.dataset.said : say("not_reached"), announce);
  if (arrived && event.target.parentNode === article) close(article);
}

function close(article) {
  article.querySelector(":scope > .why").remove();
  article.querySelector('[data-rate="-1"]').focus();
}

const arrive = once(async () => (await fetched("/ratings/")).querySelector("form"));

// One after the other: the server keeps what came last.
function arrives(article, fields) {
  const rating = ratingOf(article);
  return (rating.saving = rating.saving.then(() => saved(article, fields, rating)));
}

async function saved(article, fields, rating) {
  try {
    const { ok } = await post(`/replies/${article.dataset.message}/rating/`, fields, { keepalive: true }); // the page may go
    if (ok) rating.kept = fields.value;
    return ok;
  } catch {
    return false;
  }
}

function ratingOf(article) {
  if (!ratings.has(article)) ratings.set(article, { turn: 0, kept: pressed(article), saving: Promise.resolve() });
  return ratings.get(article);
}

function press(article, value) {
  for (const one of article.querySelectorAll("[data-rate]")) one.setAttribute("aria-pressed", String(Number(one.dataset.rate) === value));
}

function pressed(article) {
  return Number(article.querySelector('[data-rate][aria-pressed="true"]')?.dataset.rate ?? 0);
}

const isPressed = (button) => button.getAttribute("aria-pressed") === "true";

function tell(article, words, announce) {
  article.querySelector(".message-foot [data-thanks]").textContent = words;
  if (words) announce(words);
}
