// What one chooses about the look takes effect at once, and is kept by the account. On its own page and in a dialog.

const PAPER = { light: "#f6f5f0", dark: "#14191b" };
const PATIENCE_MS = 20000;
let saving = Promise.resolve();

export function wire(form) {
  form.toggleAttribute("data-at-once", true);
  form.addEventListener("change", ({ target }) => {
    apply(target.name, target.value);
    keep(form, target);
  });
  form.addEventListener("submit", (event) => event.preventDefault());
}

function apply(name, value) {
  document.documentElement.dataset[name] = value;
  if (name === "theme") paint(value);
}

// What the browser draws around the page: fields, scroll bars, its own bar on a phone.
function paint(theme) {
  document.querySelector("meta[name=color-scheme]").content = theme === "system" ? "light dark" : theme;
  for (const meta of document.querySelectorAll("meta[name=theme-color]")) meta.remove();
  for (const [name, colour] of Object.entries(PAPER)) {
    if (theme !== "system" && theme !== name) continue;
    const meta = Object.assign(document.createElement("meta"), { name: "theme-color", content: colour });
    if (theme === "system") meta.media = `(prefers-color-scheme: ${name})`;
    document.head.append(meta);
  }
}

async function keep(form, { name, value }) {
  form.querySelector("[data-error]").hidden = await save(form.action, name, value, form.elements.csrfmiddlewaretoken.value);
}

// One after the other, or the account might keep the first; a page that goes leaves them on their way.
export function save(...choice) {
  saving = saving.then(() => sent(...choice));
  return saving;
}

async function sent(action, name, value, token) {
  const headers = { Accept: "application/json", "X-CSRFToken": token };
  const options = { method: "POST", headers, body: new URLSearchParams({ [name]: value }), redirect: "manual", keepalive: true };
  try {
    return (await fetch(action, { ...options, signal: AbortSignal.timeout(PATIENCE_MS) })).ok;
  } catch {
    return false; // no network: it looks so until the page is loaded again
  }
}

for (const form of document.querySelectorAll("main form[data-appearance]")) wire(form);
