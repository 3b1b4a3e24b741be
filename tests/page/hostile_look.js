// What one message does on the page, whole, written again by the browser, and streamed: null if all is as it should be.

const FORBIDDEN = `script, style, link, meta, base, iframe, object, embed, img, svg, form, input, button, select, textarea,
  video, audio, source, dialog, details, template, mglyph, maction, annotation-xml, semantics, [style], [name], [src],
  [srcset], [action], [formaction], [background], [contenteditable], [autofocus], [hidden], [inert], [popover], [slot]`;
const NOTE = /^fn(ref)?-[0-9a-f]{32}r?-\d+(-\d+)?$/;
const SCHEMES = ["http:", "https:", "mailto:"];
const SCROLLS = "pre, .table, .formula, .plain > div"; // or is laid out only once it is looked at
const MOST_LOOKED_AT = 2000;
const HANGS = 5; // pixels: the padding at the end of code that fills its line, or less
const LONG = 100000; // characters of HTML that are looked at in the end only

window.ran = [];
window.canary = window.alert = (what) => window.ran.push(String(what));
window.look = async ([whole, steps]) => {
  const { LivePart } = await import("/static/js/live_part.js");
  const root = document.querySelector(".prose");
  const faults = {};
  const note = (where) => (what) => (faults[where] ??= []).push(what);
  const { body } = document;
  const messages = document.getElementById("messages");
  const ways = {
    whole: () => (root.innerHTML = whole),
    again: () => writeAgain(root, note("again")),
    streamed: () => stream(new LivePart(root), root, { steps, whole, note: note("while it streams") }),
  };
  for (const [how, show] of Object.entries(ways)) {
    const outside = document.querySelectorAll("*").length - root.querySelectorAll("*").length;
    show();
    inspect(root, note(how));
    if (document.body !== body || document.getElementById("messages") !== messages) note(how)("took a name of the page");
    if (document.querySelectorAll("*").length - root.querySelectorAll("*").length !== outside) note(how)("is elsewhere, too");
  }
  root.replaceChildren();
  return Object.keys(faults).length ? faults : null;
};

// A browser that reads what it wrote must find the same.
function writeAgain(root, note) {
  const html = root.innerHTML;
  root.innerHTML = html;
  if (root.innerHTML !== html) note("is not what it was");
}

function stream(part, root, { steps, whole, note }) {
  root.replaceChildren();
  for (const { piece, blocks, rest } of steps) {
    part.append(piece);
    for (const [key, html] of blocks) part.block(key, html, rest);
    part.flush();
    if (root.innerHTML.length < LONG) inspect(root, note);
  }
  part.finish(whole);
}

function inspect(root, note) {
  const all = [...root.querySelectorAll("*")];
  const bad = root.querySelector(FORBIDDEN);
  if (bad) note(`has ${bad.outerHTML.slice(0, 80)}`);
  const ids = all.filter(({ id }) => id).map(({ id }) => id);
  if (ids.some((id) => !NOTE.test(id)) || new Set(ids).size < ids.length) note(`ids ${ids.slice(0, 5)}`);
  for (const { attributes } of all) for (const { name } of attributes) if (name.startsWith("on") || name.includes(":")) note(name);
  for (const link of root.querySelectorAll("a, [href]")) check(link, note);
  layout(root, all, note);
}

function check(link, note) {
  const href = link.getAttribute("href");
  if (href === null) return;
  const isNote = href.startsWith("#") && NOTE.test(href.slice(1));
  const leaves = SCHEMES.includes(link.protocol) && link.target === "_blank" && link.host !== location.host;
  if (link.tagName !== "A" || !isNote && !leaves) note(`leads to ${href}`);
  if (!link.rel.includes("noopener")) note(`opens ${href}`);
}

function layout(root, all, note) {
  const { scrollWidth, clientWidth } = document.documentElement;
  if (scrollWidth > clientWidth) note(`the page is ${scrollWidth} wide`);
  const thread = document.getElementById("thread");
  if (thread.scrollWidth > thread.clientWidth) note(`the thread is ${thread.scrollWidth} wide`);
  const box = root.getBoundingClientRect();
  for (const one of all.slice(0, MOST_LOOKED_AT)) {
    if (getComputedStyle(one).position === "fixed") return note("is fixed");
    if (isOut(one.getBoundingClientRect(), box) && !one.closest(SCROLLS)) return note(`out of its box: ${one.outerHTML.slice(0, 80)}`);
  }
}

const isOut = ({ left, right, top, bottom, width, height }, box) =>
  width * height > 0 && (left < box.left - HANGS || right > box.right + HANGS || top < box.top - 12 || bottom > box.bottom + 12);
