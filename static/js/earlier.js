// Older messages of a long conversation, which come as the reader gets near to them. The page does not move meanwhile.

import { get, say } from "./page.js";

const NEAR = "800px 0px 0px 0px";

export class Earlier {
  #place = document.getElementById("earlier");
  #button = this.#place.querySelector("button");
  #words = this.#button.textContent;
  #observer;
  #isLoading = false;

  constructor(thread, conversation) {
    [this.thread, this.conversation] = [thread, conversation];
    this.#button.onclick = () => this.#load();
    const root = document.getElementById("thread");
    this.#observer = new IntersectionObserver(([{ isIntersecting }]) => isIntersecting && this.#load(), { root, rootMargin: NEAR });
    this.watch();
  }

  // Look again whether the reader is near: what is above may have changed.
  watch() {
    this.#place.hidden = !this.thread.hasEarlier;
    this.#observer.unobserve(this.#place);
    if (this.thread.hasEarlier) this.#observer.observe(this.#place);
  }

  async #load() {
    if (this.#isLoading || !this.thread.hasEarlier) return;
    this.#isLoading = true;
    const before = this.thread.oldest;
    try {
      const answer = await get(`/c/${this.conversation.id}/earlier?before=${before}`);
      if (!answer.ok) throw new Error(answer.statusText);
      const html = await answer.text();
      if (before === this.thread.oldest) this.thread.prepend(html); // else another branch is shown by now
      this.#button.textContent = this.#words;
      this.watch();
    } catch {
      this.#button.textContent = say("earlier_failed"); // the next click tries again
    }
    this.#isLoading = false;
  }
}
