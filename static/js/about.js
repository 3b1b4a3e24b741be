// What a reply took, and whether it is for the knowledge base: below it, asked for when it is opened.

import { when } from "./figures.js";
import { fetched } from "./fragment.js";
import { say } from "./page.js";

export async function tellAbout(details) {
  const place = details.querySelector("[data-figures]");
  const { message } = details.closest("[data-message]").dataset;
  try {
    place.replaceChildren(await fetched(`/replies/${message}/details/`));
    for (const time of place.querySelectorAll("time")) time.textContent = when(time.dateTime);
    const form = place.querySelector("form");
    if (form) (await import("./knowledge.js")).wire(form);
  } catch {
    place.textContent = say("not_reached");
  }
}
