// What a message that waits looks like, and the end of the reply it waits for.

import { fromTemplate } from "./page.js";

export function endOfNewest() {
  return [...document.querySelectorAll('#messages [data-role="assistant"]')].at(-1)?.dataset.state;
}

export function isSent(clientId) {
  return Boolean(document.querySelector(`#messages [data-client="${clientId}"]`));
}

export function element({ client_id: clientId, text }) {
  const item = fromTemplate("waiting-template");
  item.dataset.client = clientId;
  item.querySelector("[data-text]").textContent = text;
  return item;
}

// Those that wait, and those said here, each before the one that it was said to go before.
export function inOrder(waiting, unsaid) {
  const items = [...waiting];
  for (const [clientId, { text, before }] of unsaid) {
    const place = items.findIndex((item) => item.client_id === before);
    items.splice(place < 0 ? items.length : place, 0, { client_id: clientId, text });
  }
  return items;
}
