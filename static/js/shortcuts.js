// What the keys do. Each presses the button that does the same, so whatever holds for the button holds for the key.

import { save } from "./appearance.js";
import { open } from "./dialogs.js";
import { say } from "./page.js";

const PATIENCE_MS = 10000;
const FOCUS_MS = 2000;
const narrow = matchMedia("(max-width: 52rem)");
const last = (selector) => [...document.querySelectorAll(`#messages ${selector}`)].at(-1);
const press = (button) => (button && !button.disabled ? (button.click(), true) : false);

const ACTIONS = {
  sheet: (announce) => open("shortcuts", announce),
  begin: () => press(document.querySelector(".sidebar .new")),
  compose: () => document.getElementById("prompt").focus(),
  search: () => search(),
  previous: () => press(neighbour(-1)),
  next: () => press(neighbour(1)),
  copyReply: () => press(last('.message[data-role="assistant"] [data-copy="message"]')),
  copyCode: () => press(last('.message[data-role="assistant"] [data-copy="code"]')),
  again: () => press(last('.messages > .message[data-role="assistant"]:last-child [data-again]')),
  edit: () => press(last('.message[data-role="user"] [data-edit]')),
  newest: () => press(document.getElementById("newest")),
  stop: () => press(document.querySelector("[data-stop]")),
  sidebar: () => showSidebar(!isShown()),
  print: () => void printAll(),
};

export function act(name, announce) {
  if (ACTIONS[name](announce) === false) announce(say("nothing_there"));
}

async function printAll() {
  const messages = document.getElementById("messages");
  while (messages.dataset.above) if (!(await oneMore(messages))) break;
  print();
}

// Whether older messages came in time.
function oneMore(messages) {
  const came = new Promise((done) => {
    const observer = new MutationObserver(() => (observer.disconnect(), done(true)));
    observer.observe(messages, { childList: true });
    setTimeout(() => (observer.disconnect(), done(false)), PATIENCE_MS);
  });
  document.querySelector("#earlier button").click();
  return came;
}

// The link before or after that of this conversation, in the order in which the list shows them; from a new one, the first.
function neighbour(step) {
  const links = [...document.querySelectorAll(".entries a[href^='/c/']")].filter((link) => link.checkVisibility());
  const here = links.findIndex((link) => link.hasAttribute("aria-current"));
  return here === -1 ? links[0] : links[here + step];
}

function search() {
  if (!isShown()) showSidebar(true);
  const field = document.getElementById("query");
  const until = performance.now() + FOCUS_MS;
  const focus = () => {
    field.focus();
    if (document.activeElement === field) field.select();
    else if (performance.now() < until) requestAnimationFrame(focus); // a drawer is not visible before it moves
  };
  focus();
}

function isShown() {
  return narrow.matches ? document.body.classList.contains("sidebar-open") : document.documentElement.dataset.sidebar !== "closed";
}

// On a phone it is a drawer; on a wide screen the account keeps whether it is there.
export function showSidebar(shown) {
  const opener = document.querySelector("[data-sidebar-open]");
  if (narrow.matches) return (shown ? opener : document.querySelector(".sidebar [data-sidebar-close]")).click();
  const inside = document.getElementById("sidebar").contains(document.activeElement);
  document.documentElement.dataset.sidebar = shown ? "open" : "closed";
  opener.setAttribute("aria-expanded", String(shown));
  if (inside && !shown) opener.focus();
  save("/accounts/appearance/", "sidebar", shown ? "open" : "closed", document.querySelector("[name=csrfmiddlewaretoken]").value);
}
