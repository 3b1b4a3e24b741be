// What a person thinks of a reply. A press is saved at once; below a bad one they may say why. That form comes with the
// first, and there is one of it on the page.

import { fetched, once } from "./fragment.js";
import { post, say } from "./page.js";

export async function rate(button, announce) {
  const article = button.closest("[data-message]");
  const [before, value] = [pressed(article), isPressed(button) ? 0 : Number(button.dataset.rate)];
  press(article, value);
  tell(article, "", announce);
  article.querySelector(":scope > .why")?.remove();
  const stands = () => pressed(article) === value; // who is quick has pressed the other one meanwhile
  if (!(await arrives(article, { value }))) {
    press(article, before);
    tell(article, say("not_reached"), announce);
  } else if (value < 0) await ask(article, announce, stands);
  else if (value > 0) await import("./knowledge.js").then(({ offer }) => offer(article, announce, stands), () => {});
}

// Without its form the rating is saved all the same.
async function ask(article, announce, stands) {
  const form = await arrive().catch(() => null);
  if (!form || !stands()) return;
  form.reset();
  form.onsubmit = (event) => submit(event, article, announce);
  form.querySelector("[data-close]").onclick = () => close(article);
  article.querySelector(".message-foot").after(form);
  form.scrollIntoView({ block: "nearest" });
  form.querySelector("input").focus({ preventScroll: true });
}

async function submit(event, article, announce) {
  event.preventDefault();
  const said = new FormData(event.target);
  const fields = { value: -1, reasons: said.getAll("reasons"), note: said.get("note").trim() };
  const button = event.submitter ?? event.target.querySelector(".button");
  button.disabled = true;
  const arrived = await arrives(article, fields);
  button.disabled = false;
  tell(article, arrived ? event.target.dataset.said : say("not_reached"), announce);
  if (arrived) close(article);
}

function close(article) {
  article.querySelector(":scope > .why").remove();
  article.querySelector('[data-rate="-1"]').focus();
}

const arrive = once(async () => (await fetched("/ratings/")).querySelector("form"));

async function arrives(article, fields) {
  try {
    return (await post(`/replies/${article.dataset.message}/rating/`, fields)).ok;
  } catch {
    return false;
  }
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
