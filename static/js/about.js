// What a reply took: the lines below it, asked for when they are opened.

import { when } from "./figures.js";
import { get, say } from "./page.js";

export async function tellAbout(details) {
  const place = details.querySelector("[data-figures]");
  const { message } = details.closest("[data-message]").dataset;
  try {
    const answer = await get(`/replies/${message}/details/`);
    if (!answer.ok) throw new Error(answer.statusText);
    const template = document.createElement("template");
    template.innerHTML = await answer.text();
    place.replaceChildren(template.content);
    for (const time of place.querySelectorAll("time")) time.textContent = when(time.dateTime);
  } catch {
    place.textContent = say("not_reached");
  }
}
