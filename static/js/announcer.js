// Tells a screen reader what was written, by sentences and not too often; tokens would talk over each other.

const PAUSE_MS = 1500;
const SENTENCE = /^[\s\S]*(?:[.!?…](?=\s)|[。！？；]|\n)/;

export class Announcer {
  #region = document.getElementById("announcer");
  #pending = "";
  #timer = 0;

  say(words) {
    this.#pending += `${words}\n`;
    this.#soon();
  }

  text(piece) {
    this.#pending += piece;
    if (!this.#timer) this.#soon();
  }

  end(words) {
    this.say(`\n${words}`);
  }

  #soon() {
    this.#timer ||= setTimeout(() => this.#speak(), PAUSE_MS);
  }

  #speak() {
    this.#timer = 0;
    const [sentences] = SENTENCE.exec(this.#pending) ?? [""];
    if (!sentences) return;
    this.#pending = this.#pending.slice(sentences.length);
    this.#region.textContent = sentences.replace(/[*`#|_]+/g, "").trim();
    if (this.#pending) this.#soon();
  }
}
