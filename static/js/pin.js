// Keeps the newest line in sight for a reader who is at the end, and never moves the page for one who is not.

const NEAR_PX = 56;

export class Pin {
  #top = 0;
  #pinned = true;

  constructor(scroller, content, button) {
    this.scroller = scroller;
    this.content = content;
    this.button = button;
    scroller.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    const observer = new ResizeObserver(() => this.#settle());
    observer.observe(content);
    observer.observe(scroller);
    button.onclick = () => {
      this.pin();
      scroller.focus({ preventScroll: true });
    };
  }

  pin() {
    this.#pinned = true;
    this.#settle();
  }

  // The page changes so that this stays where it is on the screen; what takes the place of an element may be it.
  hold(element, change) {
    const { top } = element.getBoundingClientRect();
    this.#pinned = false;
    const place = change() ?? element;
    const settle = () => place.isConnected && this.scroller.scrollBy({ top: place.getBoundingClientRect().top - top, behavior: "instant" });
    settle();
    requestAnimationFrame(settle); // by now what is near has its real height
  }

  #settle() {
    if (this.#pinned && this.content.childElementCount) {
      this.scroller.scrollTop = this.scroller.scrollHeight;
      this.#top = this.scroller.scrollTop; // lower than before where content shrank, which nobody scrolled
    }
    this.#show();
  }

  // Only a reader scrolls up from where the page last was: content that grows does not lower scrollTop.
  #scrolled() {
    const { scrollTop } = this.scroller;
    if (this.#distance() < NEAR_PX) this.#pinned = true;
    else if (scrollTop < this.#top - 1) this.#pinned = false;
    this.#top = scrollTop;
    this.#show();
  }

  #distance() {
    const { scrollTop, scrollHeight, clientHeight } = this.scroller;
    return scrollHeight - scrollTop - clientHeight;
  }

  #show() {
    this.button.hidden = this.#pinned || this.#distance() < NEAR_PX;
  }
}
