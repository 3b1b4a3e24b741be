// What a person does with a message: has it written again or further, looks at another version, edits it, erases it.
// Comes when the first is asked for.

import { afterChanges } from "./beginning.js";
import { newId, say } from "./page.js";
import { versionsOf } from "./versions.js";

const ANSWER_MS = 10000;

export async function act(button, page) {
  const article = button.closest(".message");
  const { message } = article.dataset;
  if (!message || button.hasAttribute("data-asked")) return;
  if (button.matches("[data-again]")) ask("again", button, page);
  else if (button.matches("[data-continue]")) ask("continue", button, page);
  else if (button.matches("[data-choose]")) choose(button, article, page);
  else (await import("./editing.js")).begin(button, article, { ...page, turn: (frame, pressed) => turn(frame, pressed, page) });
}

export function again(button, page, model) {
  ask("again", button, page, { model });
}

// Asked for under a name of its own: said again after a broken connection, it is done once.
function ask(type, button, page, more = {}) {
  const { conversation, connection, composer } = page;
  const clientId = newId();
  const frame = { type, client_id: clientId, reply: button.closest(".message").dataset.message, format: "html", ...more };
  frame.onrefused = (reason, incident) => {
    button.removeAttribute("data-asked");
    composer.complain(reason, incident);
  };
  button.setAttribute("data-asked", "");
  composer.complain("");
  conversation.ask(frame);
  afterChanges(() => connection.send(frame));
  page.update();
}

function choose(button, article, page) {
  const versions = versionsOf(article);
  const message = versions[versions.indexOf(article.dataset.message) + Number(button.dataset.choose)];
  if (message) turn({ type: "choose", conversation: page.conversation.id, message, format: "html" }, button, page);
}

// Nothing is kept of it where it does not arrive: it can be asked again.
function turn(frame, button, { connection, composer }) {
  if (!connection.send(frame)) {
    composer.complain(say("not_reached"));
    return;
  }
  composer.complain("");
  button.setAttribute("data-asked", "");
  setTimeout(() => button.removeAttribute("data-asked"), ANSWER_MS);
}
