// A person's say about what a rule or a model did: reporting a reply, asking for a review. One small dialog each.

import { post, say } from "./page.js";

export class Objections {
  #path = "";
  #thank = null;

  constructor(announce) {
    this.announce = announce;
    for (const dialog of document.querySelectorAll("dialog")) this.#wire(dialog);
    document.addEventListener("click", ({ target }) => this.#clicked(target));
  }

  #wire(dialog) {
    dialog.querySelector("form").onsubmit = (event) => this.#submit(event, dialog);
    dialog.querySelector("[data-cancel]").onclick = () => dialog.close();
  }

  #clicked(target) {
    const button = target.closest("[data-report], [data-appeal]");
    if (!button) return;
    const isReport = button.hasAttribute("data-report");
    const reply = button.closest("[data-message]")?.dataset.message;
    const about = button.dataset.appeal ? `incidents/${button.dataset.appeal}` : `replies/${reply}`;
    this.#path = `/${about}/${isReport ? "report" : "appeal"}/`;
    this.#thank = button;
    this.#open(document.getElementById(isReport ? "report" : "appeal"));
  }

  #open(dialog) {
    dialog.querySelector("form").reset();
    this.#complain(dialog, "");
    dialog.showModal();
  }

  async #submit(event, dialog) {
    event.preventDefault();
    const form = event.target;
    for (const field of form.querySelectorAll("textarea")) field.value = field.value.trim();
    if (!form.reportValidity()) return;
    const send = dialog.querySelector("[data-confirm]");
    send.disabled = true;
    if (await arrives(this.#path, Object.fromEntries(new FormData(form)))) this.#done(dialog);
    else this.#complain(dialog, say("not_reached"));
    send.disabled = false;
  }

  // Where the person asked stands what became of it; asking again is harmless, so the button may stay.
  #done(dialog) {
    dialog.close();
    const words = say("thank_you");
    const place = this.#thank.parentNode.querySelector("[data-thanks]");
    if (place) place.textContent = words;
    this.announce(words);
  }

  #complain(dialog, words) {
    const line = dialog.querySelector("[data-error]");
    line.textContent = words;
    line.hidden = !words;
  }
}

async function arrives(path, fields) {
  try {
    return (await post(path, fields)).ok;
  } catch {
    return false;
  }
}
