// Which model answers, where there are several: the button below the field, the list that it opens, another reply by
// another model, and each reply's model where several have answered. Comes with the page of who may choose.

import { inTurn } from "./beginning.js";
import { fetched } from "./fragment.js";
import { page, say } from "./page.js";

const GAP = 4;
const known = page.limits.models ?? {};
const messages = document.getElementById("messages");
const button = document.getElementById("model");
let opening = null;

// The model that answers now: by its name, or the first, whose name is not kept.
const answering = () => known[button.value] ? button.value : Object.keys(known)[0];

export function begin(composer) {
  button.onchange = () => show(composer);
  show(composer);
  new MutationObserver(tellWhose).observe(messages, { childList: true });
  new MutationObserver(tellWhose).observe(messages, { subtree: true, attributeFilter: ["data-model"] });
  tellWhose();
}

function show(composer) {
  const model = known[answering()];
  button.querySelector("[data-label]").textContent = model.label;
  const effort = document.querySelector(".effort");
  if (effort) effort.hidden = !model.reasoning;
  composer.allowance.model = answering();
  composer.weigh();
}

// A press on the button, or on that of a reply.
export async function pick(opener, about) {
  if (opening) return;
  opening = open(opener, about).catch(() => about.composer.complain(say("not_reached"))).finally(() => (opening = null));
  await opening;
}

async function open(opener, about) {
  const old = document.getElementById("models");
  const closes = old?.matches(":popover-open") && old.opener === opener;
  old?.remove(); // how they stand may have changed
  if (closes) return;
  const list = (await fetched("/models/")).querySelector("#models");
  const article = opener.closest(".message");
  const now = article ? article.dataset.model : answering();
  const options = [...list.children];
  for (const option of options) option.setAttribute("aria-selected", String(option.dataset.model === now));
  list.opener = opener;
  list.onkeydown = (event) => key(event, list, options);
  list.onclick = ({ target }) => options.includes(target.closest("[role=option]")) && take(target.closest("[role=option]"), list, article, about);
  list.ontoggle = ({ newState }) => newState === "closed" && closed(list);
  opener.closest("main").append(list);
  list.showPopover();
  place(list, opener.getBoundingClientRect());
  opener.setAttribute("aria-expanded", "true");
  list.focus({ preventScroll: true });
  mark(options.find((option) => option.dataset.model === now) ?? options[0], list);
}

function closed(list) {
  list.opener.setAttribute("aria-expanded", "false");
  if (document.activeElement === document.body || list.contains(document.activeElement)) list.opener.focus({ preventScroll: true });
  list.remove();
}

function place(list, { left, right, top, bottom }) {
  const { offsetWidth: width, offsetHeight: height } = list;
  const x = getComputedStyle(list).direction === "rtl" ? left : right - width;
  const y = top - GAP - height < 0 ? bottom + GAP : top - GAP - height;
  list.style.left = `${Math.max(GAP, Math.min(x, innerWidth - width - GAP))}px`;
  list.style.top = `${Math.max(GAP, Math.min(y, innerHeight - height - GAP))}px`;
}

function mark(option, list) {
  list.querySelector("[data-active]")?.removeAttribute("data-active");
  option.setAttribute("data-active", "");
  list.setAttribute("aria-activedescendant", option.id);
  option.scrollIntoView({ block: "nearest" });
}

function key(event, list, options) {
  const active = list.querySelector("[data-active]");
  const at = options.indexOf(active);
  const steps = { ArrowDown: at + 1, ArrowUp: at - 1 + options.length, Home: 0, End: options.length - 1 };
  if (event.key in steps) mark(options[steps[event.key] % options.length], list);
  else if (event.key === "Enter" || event.key === " ") active.click();
  else if (event.key === "Tab") return list.hidePopover();
  else return;
  event.preventDefault();
}

function take(option, list, article, about) {
  list.hidePopover();
  if (article) import("./verbs.js").then(({ again }) => again(list.opener, about, option.dataset.model), () => about.composer.complain(say("not_reached")));
  else inTurn(() => choose(option, about));
}

// The first stands for whatever is the default. A conversation that begins loses an effort that the model has not.
async function choose(option, { conversation, announce, composer: field }) {
  const name = option.dataset.chosen;
  const { label, reasoning } = known[option.dataset.model];
  const forgets = conversation.id || reasoning ? {} : { effort: null };
  try {
    const { set } = await import("./parameters.js");
    await set({ model: name, ...forgets }, { id: conversation.id });
    announce(label);
  } catch (problem) {
    field.complain(problem.detail ?? say("not_reached"));
  }
}

function tellWhose() {
  const replies = [...messages.querySelectorAll("[data-model]")];
  messages.toggleAttribute("data-mixed", new Set(replies.map(({ dataset }) => dataset.model)).size > 1);
  for (const reply of replies) {
    const line = reply.querySelector(".message-by") ?? reply.insertBefore(Object.assign(document.createElement("p"), { className: "message-by" }), reply.querySelector(".reasoning"));
    if (line.textContent !== reply.dataset.by) line.textContent = reply.dataset.by;
  }
}
