// What was written on another device while something else was typed here: the person takes it, or goes on with their own.

const line = document.getElementById("other-draft");

export function show(text, decide) {
  line.hidden = text === null;
  line.querySelector("[data-other]").textContent = text ?? "";
  line.querySelector("[data-use]").onclick = () => choose(decide, true);
  line.querySelector("[data-discard]").onclick = () => choose(decide, false);
}

function choose(decide, use) {
  decide(use);
  document.getElementById("prompt").focus();
}
