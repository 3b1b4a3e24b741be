// What was chosen for a conversation that has not begun: kept for this tab until it has. And changes on their way.

const KEY = "parameters:new";
let changing = null;

// One change after the other.
export function inTurn(change) {
  const mine = (changing = afterChanges(change));
  mine.finally(() => changing === mine && (changing = null));
}

// At once where nothing is on its way.
export function afterChanges(act) {
  return changing ? changing.catch(() => {}).then(act) : act();
}

export function chosen() {
  try {
    return JSON.parse(sessionStorage.getItem(KEY)) ?? undefined;
  } catch {
    return undefined; // not ours, or storage is switched off
  }
}

export function choose(parameters) {
  try {
    if (parameters) sessionStorage.setItem(KEY, JSON.stringify(parameters));
    else sessionStorage.removeItem(KEY);
  } catch {
    // Storage is full or switched off.
  }
}

// The mark in the bar, and the model and the effort beside the composer.
export function show({ instructions, effort, model }) {
  document.getElementById("instructed").hidden = !instructions;
  const select = document.querySelector("[data-effort]");
  if (select) select.value = select.dataset.effort = effort ?? "";
  const button = document.getElementById("model");
  if (!button) return;
  button.value = model ?? "";
  button.dispatchEvent(new Event("change")); // for models.js
}
