// A title is changed where it stands: Enter or leaving the field saves it, Escape leaves it as it was.

import { complain } from "./fragment.js";
import { request } from "./shelf_verbs.js";

export function edit(heading, id) {
  if (!heading || heading.hidden) return;
  const form = document.getElementById("shelf-title").content.firstElementChild.cloneNode(true);
  const [field] = form.elements;
  const old = heading.textContent;
  field.value = old;
  heading.hidden = true;
  heading.after(form);
  heading.parentNode.classList.add("renaming");
  field.select();
  form.onsubmit = (event) => {
    event.preventDefault();
    save();
  };
  field.oninput = () => complain(form, "");
  field.onkeydown = (event) => {
    if (event.key === "Escape") leave(event); // returned, false would undo every key
  };
  field.onblur = () => !form.dataset.saving && form.isConnected && (field.value.trim() ? save() : close());

  async function save() {
    if (form.dataset.saving) return;
    const title = field.value.trim();
    if (title === old) return leave();
    form.dataset.saving = "yes";
    try {
      const { now } = await request("rename", { conversation: id, title });
      heading.textContent = now.title;
      leave();
    } catch (error) {
      complain(form, error.message);
    }
    delete form.dataset.saving;
  }

  function leave(event) {
    event?.stopPropagation();
    const isHere = form.contains(document.activeElement);
    close();
    if (isHere) (heading.matches("a") ? heading : document.querySelector("#more summary")).focus();
  }

  function close() {
    heading.parentNode?.classList.remove("renaming");
    heading.hidden = false;
    field.onblur = null; // which the removal would call
    form.remove();
    heading.dispatchEvent(new Event("renamed", { bubbles: true }));
  }
}
