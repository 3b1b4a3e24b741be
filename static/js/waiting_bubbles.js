// What a message that waits looks like, and the end of the reply it waits for.

import { fromTemplate } from "./page.js";

export function endOfNewest() {
  return [...document.querySelectorAll('#messages [data-role="assistant"]')].at(-1)?.dataset.state;
}

export function element({ client_id: clientId, text }) {
  const item = fromTemplate("waiting-template");
  item.dataset.client = clientId;
  item.querySelector("[data-text]").textContent = text;
  return item;
}
