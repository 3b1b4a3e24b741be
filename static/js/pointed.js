// A message that was found: it is brought into sight, and lights up for a moment.

const LIGHT_MS = 2400;

export function point(id) {
  const message = document.querySelector(`#messages [data-message="${CSS.escape(id)}"]`);
  if (!message) return;
  message.tabIndex = -1;
  message.focus({ preventScroll: true });
  const show = () => message.scrollIntoView({ block: "center", behavior: "instant" });
  show();
  requestAnimationFrame(show); // by now what is near has its real height
  const light = getComputedStyle(message).getPropertyValue("--accent-soft");
  message.animate([{ backgroundColor: light, offset: 0 }, { backgroundColor: light, offset: 0.6 }, { backgroundColor: "transparent" }], LIGHT_MS);
}
