// The sidebar as a drawer on a phone, and the menus that a click beside them or Escape closes.

const narrow = matchMedia("(max-width: 52rem)");
const room = document.getElementById("room");
const opener = document.querySelector("[data-sidebar-open]");
const OPEN = "details:is(.person, .bar-menu-more)[open]";

export function listenForDrawer() {
  opener.onclick = () => toggle(true);
  for (const closer of document.querySelectorAll("[data-sidebar-close]")) closer.onclick = () => toggle(false);
  document.addEventListener("keydown", ({ key }) => key === "Escape" && escape());
  document.addEventListener("click", ({ target }) => closeMenus(target));
}

function toggle(open) {
  if (!narrow.matches) return void import("./shortcuts.js").then(({ showSidebar }) => showSidebar(open));
  if (document.body.classList.contains("sidebar-open") === open) return;
  document.body.classList.toggle("sidebar-open", open);
  room.inert = open;
  opener.setAttribute("aria-expanded", String(open));
  if (open) document.querySelector(".sidebar-close").focus();
  else opener.focus();
}

function escape() {
  document.activeElement.closest(OPEN)?.querySelector("summary").focus();
  const isClosed = closeMenus() || document.querySelector(":popover-open, dialog[open], .selecting, .renaming");
  if (narrow.matches && !isClosed) toggle(false);
}

function closeMenus(target = null) {
  const open = [...document.querySelectorAll(OPEN)].filter((menu) => !menu.contains(target));
  for (const menu of open) menu.open = false;
  return open.length > 0;
}
