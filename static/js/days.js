// The days of a list, on the reader's own calendar: the server cannot know where a person is.

import { lazily } from "./figures.js";
import { say } from "./page.js";

const language = document.documentElement.lang;
const near = lazily(() => new Intl.RelativeTimeFormat(language, { numeric: "auto" }));

// A heading before the first of each day, of the week before, and of each month.
export function byDay(list) {
  for (const heading of list.querySelectorAll(".day")) heading.remove();
  let last = "";
  for (const item of list.querySelectorAll("[data-updated]")) {
    const name = dayOf(new Date(item.dataset.updated));
    if (name !== last) item.before(heading(name));
    last = name;
  }
}

function dayOf(time) {
  const now = new Date();
  const daysAgo = (days) => new Date(now.getFullYear(), now.getMonth(), now.getDate() - days);
  if (time >= daysAgo(0)) return near().format(0, "day");
  if (time >= daysAgo(1)) return near().format(-1, "day");
  if (time >= daysAgo(7)) return say("last_week");
  const year = time.getFullYear() === now.getFullYear() ? undefined : "numeric";
  return time.toLocaleDateString(language, { month: "long", year });
}

function heading(name) {
  const item = document.createElement("li");
  item.className = "day";
  item.append(Object.assign(document.createElement("h3"), { textContent: name }));
  return item;
}
