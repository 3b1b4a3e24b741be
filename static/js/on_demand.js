// What is seldom used comes when it is first asked for: a press on the page brings the module that answers it.

import { inTurn } from "./beginning.js";
import { page, say } from "./page.js";

const parameters = () => import("./parameters.js");

// Each: what is pressed, its module, what is done, and whether that is a change in its turn.
const PRESSES = [
  ["[data-report], [data-appeal]", () => import("./objections.js"), ({ object }, button, { announce }) => object(button, announce)],
  ["[data-rate]", () => import("./ratings.js"), ({ rate }, button, { announce }) => rate(button, announce)],
  ["[data-share]", () => import("./share.js"), ({ share }, _, about) => about.conversation.id && share(about)],
  ["[data-shelf]", () => import("./shelf.js"), ({ act }, button, about) => act(button, { ...about, id: about.conversation.id })],
  [".message :is([data-again], [data-continue], [data-choose], [data-edit], [data-erase])", () => import("./verbs.js"), ({ act }, button, about) => act(button, about)],
  ["[data-pick-model]", () => import("./models.js"), ({ pick }, button, about) => pick(button, about)],
  ["[data-parameters]", parameters, ({ open }, button, about) => open(button, about)],
  ["[data-preset]", parameters, ({ use }, button, about) => use(button, about), inTurn],
];
const EFFORT = ["[data-effort]", parameters, ({ think }, select, about) => think(select, about), inTurn];

// `about`: the conversation and the views, and where to say what happened.
export function listenOnDemand(about) {
  document.addEventListener("click", ({ target }) => {
    for (const press of PRESSES) answer(press, target, about);
  });
  document.addEventListener("change", ({ target }) => answer(EFFORT, target, about));
  document.addEventListener("toggle", ({ target }) => target.open && target.matches("[data-about]") && import("./about.js").then(({ tellAbout }) => tellAbout(target)), { capture: true });
  document.getElementById("query").onfocus = () => import("./search.js").then(({ begin }) => begin());
  if (page.limits.models) import("./models.js").then(({ begin }) => begin(about.composer));
  if (page.pointed) import("./pointed.js").then(({ point }) => point(page.pointed));
  if (CSS.supports("-webkit-touch-callout", "none")) import("./on_screen_keyboard.js");
}

function answer([pressed, bring, act, when = (work) => work()], target, about) {
  const element = target.closest(pressed);
  if (!element) return;
  when(async () => {
    const module = await bring().catch(() => null);
    if (module) await act(module, element, about);
    else about.composer.complain(say("not_reached"));
  });
}
