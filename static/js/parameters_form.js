// What the fields of the dialog of instructions and parameters mean.

const NUMBERS = ["temperature", "top_p", "max_tokens"];

// A number and its slider; an empty number is the model's own.
export function slide(row) {
  const [number, slider] = row.querySelectorAll("input");
  slider.oninput = () => {
    number.value = slider.value;
    slider.removeAttribute("data-unset");
  };
  number.oninput = () => {
    slider.toggleAttribute("data-unset", number.value === "");
    if (number.value !== "") slider.value = number.value;
  };
}

export function fill(dialog, parameters) {
  const { elements } = dialog.querySelector("[data-set]");
  if (elements.instructions) elements.instructions.value = parameters.instructions ?? "";
  if (elements.effort) elements.effort.value = parameters.effort ?? "";
  for (const name of NUMBERS.filter((one) => elements[one])) {
    elements[name].value = parameters[name] ?? "";
    elements[name].oninput?.();
  }
  const drawn = dialog.querySelector("details");
  if (drawn && NUMBERS.some((name) => parameters[name] != null)) drawn.open = true;
}

// What the form has, of what may be set.
export function read(form) {
  const { elements } = form;
  const wrong = NUMBERS.map((name) => elements[name]).find((field) => field && !field.validity.valid);
  if (wrong) throw { detail: `${wrong.labels[0].textContent}: ${wrong.validationMessage}` };
  const texts = ["instructions", "effort"].filter((name) => elements[name]).map((name) => [name, elements[name].value]);
  const numbers = NUMBERS.filter((name) => elements[name]).map((name) => [name, elements[name].value === "" ? null : Number(elements[name].value)]);
  return Object.fromEntries([...texts, ...numbers]);
}
