// Marking a reply as good for the knowledge base: what that means, the button, and how it stands. It comes below a reply
// that was found good, and with its details.

import { complain, fetched } from "./fragment.js";
import { parse, post, say } from "./page.js";

// Below the reply, if its rating still stands when it comes. Where it does not come, nothing is lost: the details have it too.
export async function offer(article, announce, stands) {
  const content = await fetched(address(article)).catch(() => null);
  const form = content?.querySelector("form");
  if (!form || !stands()) return;
  article.querySelector(".message-foot").after(form);
  wire(form, announce);
  form.scrollIntoView({ block: "nearest" });
}

export function wire(form, announce) {
  const article = form.closest("[data-message]");
  form.onsubmit = (event) => submit(event, article, announce);
  form.querySelector("[data-close]").onclick = () => close(form, article);
}

async function submit(event, article, announce) {
  event.preventDefault();
  const [form, button] = [event.target, event.submitter ?? event.target.querySelector(".button")];
  button.disabled = true;
  const answer = await arrives(article, Boolean(button.value));
  button.disabled = false;
  const next = answer.querySelector("form");
  if (!next) return complain(form, answer.textContent.trim());
  form.replaceWith(next);
  wire(next, announce);
  next.querySelector("[data-close]").focus();
  show(article, next.dataset.mark);
  announce?.(next.querySelector(".why-title").textContent);
}

async function arrives(article, marked) {
  try {
    const answer = await post(address(article), { marked });
    if (answer.ok || answer.status === 422) return parse(await answer.text());
  } catch {
    // told below
  }
  return parse(say("not_reached"));
}

// How it stands, as the server writes it for a page that is loaded.
function show(article, words) {
  const line = article.querySelector("[data-nominated]") ?? Object.assign(document.createElement("p"), { className: "facts" });
  line.dataset.nominated = "";
  line.textContent = words;
  if (words) article.querySelector(".message-foot").before(line);
  else line.remove();
}

function close(form, article) {
  const details = form.closest("details");
  form.remove();
  if (details) details.open = false;
  (details?.querySelector("summary") ?? article.querySelector('[data-rate="1"]')).focus();
}

const address = (article) => `/replies/${article.dataset.message}/knowledge/`;
