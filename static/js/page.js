// What the server says about this page, and its sentences in the person's language.

export const page = JSON.parse(document.getElementById("page").textContent);

export function say(key, values = {}) {
  return (page.strings[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export function count(key, n, values = {}) {
  return say(n === 1 ? `${key}_one` : `${key}_other`, { n, ...values });
}

export function fromTemplate(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}
