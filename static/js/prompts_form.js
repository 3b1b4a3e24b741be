// The form that asks for the variables of a saved prompt.

import { filled } from "./variables.js";

export function ask(name, text, asked, put) {
  const dialog = document.getElementById("prompts-form");
  dialog.querySelector("h2").textContent = name;
  dialog.querySelector("[data-fields]").replaceChildren(...asked.map(labelled));
  dialog.querySelector("[data-cancel]").onclick = () => dialog.close();
  dialog.querySelector("form").onsubmit = (event) => {
    event.preventDefault();
    dialog.close();
    put(filled(text, Object.fromEntries(new FormData(event.target))));
  };
  dialog.showModal();
}

function labelled(variable) {
  const label = document.createElement("label");
  label.className = "note";
  label.append(variable.name, control(variable));
  return label;
}

function control({ name, kind, choices = [] }) {
  const element = document.createElement(kind === "choice" ? "select" : kind === "long" ? "textarea" : "input");
  if (kind === "number") Object.assign(element, { type: "number", step: "any" });
  if (kind === "long") element.rows = 5;
  if (kind !== "number") element.dir = "auto";
  element.append(...choices.map((choice) => new Option(choice, choice)));
  Object.assign(element, { name, required: true });
  return element;
}
