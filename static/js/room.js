// Which conversation this is, as the page, its title and its address say it, and where it is kept.

const room = document.getElementById("room");
const heading = document.getElementById("title");
const site = document.title.replace(/^.* · /, "");
let title = document.title.replace(/ · [^·]*$/, "");
let path = location.pathname;
let mark = "";

addEventListener("popstate", () => location.pathname === path || location.reload());

export function entitle(text) {
  title = heading.textContent = text;
  show();
}

// It has begun: it has an address.
export function begun({ title: text, url }) {
  if (path !== url) history.pushState({}, "", url);
  path = url;
  entitle(text);
}

// What of it can be changed follows from where it is kept.
export function keptAt(now) {
  if (now.title) entitle(now.title);
  for (const [name, is] of Object.entries(now)) if (typeof is === "boolean") room.toggleAttribute(`data-${name}`, is);
}

// Before the title: that a reply is written, or that one ended unseen.
export function setMark(sign) {
  mark = sign;
  show();
}

function show() {
  const words = `${mark}${title} · ${site}`;
  if (document.title !== words) document.title = words;
}
