// One menu at a time, beside the button that opened it: arrows, Home, End, Escape; a click beside it closes it.

const GAP = 4;
const STEPS = { ArrowDown: 1, ArrowUp: -1 };

// The entries of a template; `does` gives what one of them does, from its data, or null if it is not offered here.
export function fill(menu, template, does, chosen) {
  menu.replaceChildren(document.getElementById(template).content.cloneNode(true));
  for (const entry of menu.querySelectorAll("button")) {
    const action = does(entry.dataset);
    if (!action) entry.remove();
    if (!menu.role) entry.removeAttribute("role"); // among other buttons
    entry.onclick = () => {
      chosen();
      action();
    };
  }
}

export function openMenu(button, template, does) {
  show(button, (menu) => fill(menu, template, does, () => menu.hidePopover()));
}

// `put` puts the entries into the menu.
export function show(button, put) {
  const menu = document.getElementById("shelf-menu");
  if (menu.opener === button && menu.matches(":popover-open")) return menu.hidePopover();
  menu.hidePopover();
  put(menu);
  button.closest("aside, main").append(menu); // a reader finds it in the region of its button
  menu.opener = button;
  menu.onkeydown = (event) => key(event, menu);
  menu.ontoggle = ({ newState }) => closed(newState, button, menu);
  menu.showPopover();
  place(menu, button.getBoundingClientRect());
  button.setAttribute("aria-expanded", "true");
  entries(menu)[0]?.focus();
}

// Escape and a choice bring the focus back to where the menu was asked for; a click elsewhere has moved it already.
function closed(state, button, menu) {
  if (state !== "closed") return;
  button.setAttribute("aria-expanded", "false");
  if (document.activeElement === document.body || menu.contains(document.activeElement)) button.focus();
}

function place(menu, { left, right, top, bottom }) {
  const { offsetWidth: width, offsetHeight: height } = menu;
  const isRightToLeft = getComputedStyle(menu).direction === "rtl";
  const x = isRightToLeft ? right - width : left;
  const y = bottom + GAP + height > innerHeight ? top - GAP - height : bottom + GAP;
  menu.style.left = `${Math.max(GAP, Math.min(x, innerWidth - width - GAP))}px`;
  menu.style.top = `${Math.max(GAP, y)}px`;
}

const entries = (menu) => [...menu.querySelectorAll("button")];

function key(event, menu) {
  const all = entries(menu);
  const at = all.indexOf(document.activeElement);
  const to = { Home: 0, End: all.length - 1 }[event.key] ?? (event.key in STEPS ? (at + STEPS[event.key] + all.length) % all.length : null);
  if (event.key === "Tab") menu.hidePopover();
  if (to === null) return;
  event.preventDefault();
  all[to].focus();
}
