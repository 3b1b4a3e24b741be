// What the server says about this page, its sentences in the person's language, how to ask it for something, and how to
// read the HTML it answers with.

export const page = JSON.parse(document.getElementById("page").textContent);

export const PATIENCE_MS = 20000;

export function say(key, values = {}) {
  return (page.strings[key] ?? key).replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

export function count(key, n, values = {}) {
  return say(n === 1 ? `${key}_one` : `${key}_other`, { n, ...values });
}

export function fromTemplate(id) {
  return document.getElementById(id).content.firstElementChild.cloneNode(true);
}

export function parse(html) {
  const template = document.createElement("template");
  template.innerHTML = html;
  return template.content;
}

export function get(path) {
  return fetch(path, { redirect: "manual", signal: AbortSignal.timeout(PATIENCE_MS) });
}

export function post(path, body, more = {}) {
  const token = document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
  const headers = { "Content-Type": "application/json", "X-CSRFToken": token };
  const options = { method: "POST", headers, body: JSON.stringify(body), redirect: "manual" };
  return fetch(path, { ...options, ...more, signal: AbortSignal.timeout(PATIENCE_MS) });
}

// crypto.randomUUID exists only on pages served over HTTPS or from this machine.
export function newId() {
  if (crypto.randomUUID) return crypto.randomUUID();
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
