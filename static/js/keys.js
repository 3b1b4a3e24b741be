// Keys that work anywhere on the page. What a key does, and the dialogs, come when they are first asked for.

const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
const TYPING = "input, textarea, select, [contenteditable], [role=menu], [role=listbox]"; // where keys have a meaning of their own
const OPEN = "dialog[open], details:is(.person, .bar-menu-more)[open], .renaming, .sidebar-open, .selecting, :popover-open, .searching:focus-within, [aria-expanded=true][aria-controls]:is(input, textarea)";
const PLAIN = { "?": "sheet", "/": "compose", r: "again", e: "edit", End: "newest" }; // not while one types
const CHORDS = { KeyO: "begin", KeyC: "copyReply", Semicolon: "copyCode", KeyS: "sidebar" }; // with Ctrl or ⌘, and Shift
const CONTROLS = { Slash: "sheet", KeyK: "search" }; // with Ctrl or ⌘
const WAYS = { ArrowUp: "previous", ArrowDown: "next" }; // with Alt

export function listenForKeys(announce) {
  document.addEventListener("keydown", (event) => key(event, announce), { capture: true });
  document.addEventListener("click", (event) => {
    const opener = event.target.closest("[data-dialog]");
    if (!opener || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    import("./dialogs.js").then(({ open }) => open(opener.dataset.dialog, announce));
  });
}

function key(event, announce) {
  if (event.isComposing || event.defaultPrevented) return;
  const name = meant(event);
  if (!name) return;
  event.preventDefault();
  import("./shortcuts.js").then(({ act }) => act(name, announce));
}

function meant(event) {
  const { key: sign, code, altKey: alt, shiftKey: shift, target } = event;
  const control = isMac ? event.metaKey : event.ctrlKey;
  if (event.ctrlKey && event.metaKey) return null;
  if (sign === "Escape") return shift ? "compose" : stops(target) && "stop";
  if (document.documentElement.dataset.shortcuts === "off" || document.querySelector("dialog[open]")) return null;
  if (control && code === "KeyP") return !shift && !alt && isCut() && "print";
  if (control) return alt ? null : (shift ? CHORDS : CONTROLS)[code];
  if (event.ctrlKey || event.metaKey) return null;
  if (alt) return shift ? null : WAYS[sign];
  if (sign === "ArrowUp" && target.id === "prompt" && !target.value && !shift) return hasOwn() && "edit";
  return target.closest(TYPING) ? null : PLAIN[sign];
}

// Escape closes what is open; where nothing is, it stops the reply.
function stops(target) {
  const button = document.querySelector("[data-stop]:not([hidden])");
  return button && !document.querySelector(OPEN) && (target.id === "prompt" || !target.closest(TYPING));
}

// A long conversation is here in part; on paper it is whole.
const isCut = () => document.querySelector("#messages[data-above]");
const hasOwn = () => document.querySelector('.message[data-role="user"] [data-edit]');
