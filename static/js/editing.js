// Editing a message in its place, and the question before one is erased. Their words come with the first.

import { get, newId, say } from "./page.js";

const COMPOSING = 229; // Safari's key code for the Enter that confirms an input method's choice
const touchOnly = matchMedia("(hover: none) and (pointer: coarse)");
let arrival = null;

// The page's `turn` asks for another branch.
export async function begin(button, article, page) {
  try {
    await (arrival ??= arrive());
  } catch {
    arrival = null; // no network; the next click tries again
    page.composer.complain(say("not_reached"));
    return;
  }
  if (button.matches("[data-erase]")) confirm(button, article, page);
  else if (!article.querySelector(".editing")) new Editing(button, article, page);
}

let form = null;

async function arrive() {
  const answer = await get("/editing/");
  if (!answer.ok) throw new Error(answer.statusText);
  const template = document.createElement("template");
  template.innerHTML = await answer.text();
  const [style, edit, dialog] = template.content.children;
  const styled = new Promise((done) => (style.onload = style.onerror = done));
  form = edit;
  document.head.append(style);
  document.body.append(dialog);
  await styled;
}

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
    this.#complain("");
  }

  #key(event) {
    if (event.key === "Escape" && !this.#isSending) {
      event.preventDefault();
      event.stopPropagation();
      this.#close();
    }
    const isEnter = event.key === "Enter" && !event.isComposing && event.keyCode !== COMPOSING;
    if (!isEnter || event.shiftKey || event.altKey || event.ctrlKey || event.metaKey || touchOnly.matches) return;
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
    this.#complain(reason, incident);
    this.#field.focus();
  }

  #wait(isSending) {
    this.#field.readOnly = isSending;
    for (const button of this.#form.querySelectorAll("button")) button.disabled = isSending;
  }

  #complain(reason, incident = "") {
    const line = this.#form.querySelector("[data-error]");
    const review = line.querySelector("[data-appeal]");
    line.querySelector("[data-reason]").textContent = reason;
    line.querySelector("[data-thanks]").textContent = "";
    line.hidden = !reason;
    review.hidden = !incident;
    review.dataset.appeal = incident;
  }

  #close() {
    this.#form.remove();
    delete this.#article.dataset.editing;
    this.#button.focus();
  }
}
