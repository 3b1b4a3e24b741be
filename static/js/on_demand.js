// What is seldom used comes when it is first asked for: a press on the page brings the module that answers it.

import { page, say } from "./page.js";

// Each: what is pressed, its module, what is done.
const PRESSES = [
  ["[data-report], [data-appeal]", () => import("./objections.js"), ({ object }, button, { announce }) => object(button, announce)],
  ["[data-rate]", () => import("./ratings.js"), ({ rate }, button, { announce }) => rate(button, announce)],
  ["[data-share]", () => import("./share.js"), ({ share }, _, about) => about.conversation.id && share(about)],
  ["[data-shelf]", () => import("./shelf.js"), ({ act }, button, about) => act(button, { ...about, id: about.conversation.id })],
  [".message :is([data-again], [data-continue], [data-choose], [data-edit], [data-erase])", () => import("./verbs.js"), ({ act }, button, about) => act(button, about)],
  ["[data-pick-model]", () => import("./models.js"), ({ pick }, button, about) => pick(button, about)],
  ["[data-parameters], [data-preset]", () => import("./parameters.js"), ({ act }, button, about) => act(button, about)],
];
const PARAMETERS = PRESSES.at(-1);

// `about`: the conversation and the views, and where to say what happened.
export function listenOnDemand(about) {
  document.addEventListener("click", ({ target }) => {
    for (const press of PRESSES) answer(press, target.closest(press[0]), about);
  });
  document.addEventListener("change", ({ target }) => answer(PARAMETERS, target.closest("[data-effort]"), about));
  document.addEventListener("toggle", ({ target }) => target.open && target.matches("[data-about]") && import("./about.js").then(({ tellAbout }) => tellAbout(target)), { capture: true });
  document.getElementById("query").onfocus = () => import("./search.js").then(({ begin }) => begin());
  if (page.limits.models) import("./models.js").then(({ begin }) => begin(about.composer));
  if (page.pointed) import("./pointed.js").then(({ point }) => point(page.pointed));
  if (CSS.supports("-webkit-touch-callout", "none")) import("./on_screen_keyboard.js");
}

async function answer([, bring, act], element, about) {
  if (!element) return;
  const module = await bring().catch(() => null);
  if (module) act(module, element, about);
  else about.composer.complain(say("not_reached"));
}
