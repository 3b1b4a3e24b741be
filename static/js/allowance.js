// What this person may do now, without DOM: how long a message may be, what is left of their tokens, what stops them.
// The server decides; the page only says beforehand what it can know.

import { isAhead, number, when } from "./figures.js";
import { say } from "./page.js";

const LOW = 0.2;
const WIDE = /[\u1100-\u11ff\u2e80-\ua4cf\uac00-\ud7af\uf900-\ufaff\ufe30-\ufe4f\uff00-\uffef]|[\ud800-\udbff][\udc00-\udfff]/g;
const SPANS = ["day", "month"];
const LEFT = { day: "left_today", month: "left_this_month" };
const USED_UP = { day: "used_up_today", month: "used_up_this_month" };
const TOO_FEW = { quota_day: "too_few_today", quota_month: "too_few_this_month" };
const SOON = 100; // seconds
const STOPS = { suspend: "suspended", slow: "slowed" };

export class Allowance {
  model = ""; // the one that answers, where there are several
  #limits;

  constructor(limits) {
    this.take(limits);
  }

  take(limits) {
    this.#limits = limits;
  }

  get characters() {
    return this.#limits.prompt_chars;
  }

  get tokens() {
    return this.#read.prompt_tokens;
  }

  // About as many tokens as the text has.
  estimate(text) {
    const { narrow, wide } = this.#read.chars_per_token;
    const signs = text.match(WIDE) ?? [];
    const others = text.length - signs.join("").length;
    return Math.ceil(others / narrow + signs.length / wide);
  }

  // The quotas there are, each with its span.
  get quotas() {
    const { standing } = this.#limits;
    return SPANS.filter((span) => standing[span]).map((span) => ({ span, ...standing[span] }));
  }

  // Whether replies change anything here.
  get isCounted() {
    return this.quotas.length > 0 || Boolean(this.#limits.restraint);
  }

  get isRefused() {
    return Boolean(this.#stop("suspend") || this.#usedUp());
  }

  // What keeps this person from sending, or slows them; empty when nothing does.
  get notice() {
    const stop = this.#stop("suspend");
    if (stop) return restrained(stop);
    const gone = this.#usedUp();
    if (gone) return say(USED_UP[gone.span], { when: when(gone.resets_at) });
    const slow = this.#stop("slow");
    return slow ? restrained(slow) : "";
  }

  // What is left, once that is little.
  get low() {
    const little = this.quotas.filter(({ left, limit }) => left > 0 && left < limit * LOW).sort((one, other) => one.left - other.left);
    return little.length ? say(LEFT[little[0].span], { n: number(little[0].left) }) : "";
  }

  // How much a model reads, and what it counts.
  get #read() {
    return this.#limits.models?.[this.model] ?? this.#limits;
  }

  #stop(kind) {
    const { restraint } = this.#limits;
    return restraint?.kind === kind && isAhead(restraint.until) ? restraint : null;
  }

  #usedUp() {
    return this.quotas.findLast(({ left, resets_at: until }) => left <= 0 && isAhead(until));
  }
}

// Why a message was not saved, as a sentence. The server's own says times in UTC: here they are the reader's.
export function refusal({ code, detail, allowed, left, resets_at: until }) {
  if (!until) return detail;
  if (code in TOO_FEW) return say(TOO_FEW[code], { left: number(left ?? 0), allowed: number(allowed ?? 0), when: when(until) });
  if (code === "suspended") return restrained({ kind: "suspend", until });
  const seconds = Math.ceil((new Date(until) - Date.now()) / 1000);
  if (seconds <= 0) return detail;
  return `${detail} ${seconds < SOON ? say("again_in", { n: seconds }) : say("again_at", { when: when(until) })}`;
}

function restrained({ kind, until }) {
  const words = say(STOPS[kind]);
  return until ? `${words} ${say("until", { when: when(until) })}` : words;
}
