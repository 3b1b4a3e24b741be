// Which of its versions a message is: "2/3" in its foot, with a button to the one before and the one after.

import { fromTemplate } from "./page.js";

export function versionsOf({ dataset: { siblings, message } }) {
  return siblings ? siblings.split(" ") : [message].filter(Boolean);
}

// A message with one version has nothing to choose.
export function showVersions(article, versions = []) {
  const shown = article.querySelector(".siblings");
  if (versions.length < 2) {
    shown?.remove();
    delete article.dataset.siblings;
    return;
  }
  article.dataset.siblings = versions.join(" ");
  const group = shown ?? fromTemplate("siblings-template");
  const place = versions.indexOf(article.dataset.message);
  group.querySelector("[data-place]").textContent = `${place + 1}/${versions.length}`;
  group.querySelector('[data-choose="-1"]').disabled = place <= 0;
  group.querySelector('[data-choose="1"]').disabled = place === versions.length - 1;
  if (!shown) article.querySelector(".message-foot").prepend(group);
}
