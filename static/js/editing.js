// Editing a message in its place, and the question before one is erased. Their words come with the first.

import { explain, sends } from "./composer.js";
import { fetched, once } from "./fragment.js";
import { newId, say } from "./page.js";

let form = null; // of which each message that is edited has a copy

// The page's `turn` asks for another branch.
export async function begin(button, article, page) {
  try {
    await arrive();
  } catch {
    page.composer.complain(say("not_reached"));
    return;
  }
  if (button.matches("[data-erase]")) confirm(button, article, page);
  else if (!article.querySelector(".editing")) new Editing(button, article, page);
}

const arrive = once(async () => {
  const pieces = await fetched("/editing/");
  form = pieces.querySelector("form.editing");
  document.body.append(pieces.querySelector("dialog"));
});

function confirm(button, article, page) {
  const dialog = document.getElementById("erasing");
  dialog.returnValue = "";
  dialog.onclose = () => {
    if (dialog.returnValue !== "erase") return button.focus();
    page.turn({ type: "erase", message: article.dataset.message, format: "html" }, button);
  };
  dialog.showModal();
}

class Editing {
  #article;
  #button;
  #page;
  #form = form.cloneNode(true);
  #field = this.#form.querySelector("textarea");
  #clientId = newId();

  constructor(button, article, page) {
    [this.#button, this.#article, this.#page] = [button, article, page];
    const id = `edited-${article.dataset.message}`;
    this.#form.querySelector("label").htmlFor = this.#field.id = id;
    this.#form.onsubmit = (event) => this.#submit(event);
    this.#form.querySelector("[data-cancel]").onclick = () => this.#close();
    this.#field.oninput = () => this.#edited();
    this.#field.onkeydown = (event) => this.#key(event);
    article.querySelector(".said").after(this.#form);
    article.dataset.editing = "";
    this.#field.value = article.querySelector("[data-text]").textContent;
    this.#edited();
    this.#field.focus();
    this.#field.setSelectionRange(this.#field.value.length, this.#field.value.length);
    this.#form.scrollIntoView({ block: "nearest" });
  }

  #edited() {
    this.#clientId = newId(); // another text is another message
    this.#field.parentNode.dataset.text = this.#field.value;
    this.#explain("");
  }

  #key(event) {
    if (event.key === "Escape" && !this.#isSending) {
      event.preventDefault();
      event.stopPropagation();
      this.#close();
    }
    if (!sends(event)) return;
    event.preventDefault();
    this.#form.requestSubmit();
  }

  get #isSending() {
    return this.#field.readOnly;
  }

  // It stays here until the site has it, or says why not.
  #submit(event) {
    event.preventDefault();
    if (this.#isSending || !this.#field.value.trim()) return;
    const { conversation, connection, thread, update } = this.#page;
    const frame = conversation.frame(this.#clientId, this.#field.value);
    Object.assign(frame, { parent: thread.above(this.#article), branch: true });
    frame.onrefused = (reason, incident) => this.#refused(reason, incident);
    this.#wait(true);
    connection.send(conversation.ask(frame));
    update();
  }

  #refused(reason, incident) {
    this.#wait(false);
    this.#explain(reason, incident);
    this.#field.focus();
  }

  #wait(isSending) {
    this.#field.readOnly = isSending;
    for (const button of this.#form.querySelectorAll("button")) button.disabled = isSending;
  }

  #explain(reason, incident) {
    explain(this.#form.querySelector("[data-error]"), reason, incident);
  }

  #close() {
    this.#form.remove();
    delete this.#article.dataset.editing;
    this.#button.focus();
  }
}
