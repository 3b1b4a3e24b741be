// What a reply took: the lines below it, asked for when they are opened.

import { when } from "./figures.js";
import { fetched } from "./fragment.js";
import { say } from "./page.js";

export async function tellAbout(details) {
  const place = details.querySelector("[data-figures]");
  const { message } = details.closest("[data-message]").dataset;
  try {
    place.replaceChildren(await fetched(`/replies/${message}/details/`));
    for (const time of place.querySelectorAll("time")) time.textContent = when(time.dateTime);
  } catch {
    place.textContent = say("not_reached");
  }
}
