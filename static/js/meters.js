// What is left today and this month, in the person's menu.

import { number, when } from "./figures.js";
import { say } from "./page.js";

const LINES = { false: "left_of", true: "left_of_group" };

export function show({ quotas }) {
  for (const meter of document.querySelectorAll("[data-meter]")) {
    const quota = quotas.find(({ span }) => span === meter.dataset.meter);
    meter.hidden = !quota;
    if (quota) fill(meter, quota);
  }
}

function fill(meter, { limit, left, resets_at: until, shared }) {
  const bar = meter.querySelector("progress");
  bar.max = limit || 1;
  bar.value = limit ? limit - left : 1;
  const words = say(LINES[Boolean(shared)], { left: number(left), limit: number(limit) });
  meter.querySelector("[data-left]").textContent = words;
  meter.querySelector("[data-resets]").textContent = say("resets", { when: when(until) });
}
