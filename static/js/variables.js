// What a saved prompt asks for: {{topic}}, {{tone:formal|friendly}}, {{text:long}}, {{n:number}}. Anything else in
// braces is text.

const MARK = /\{\{\s*([\p{L}\p{N}_](?:[\p{L}\p{N}_ -]{0,38}[\p{L}\p{N}_])?)\s*(?::([^{}]*))?\}\}/gu;
const KINDS = ["text", "long", "number"];

// Each once, in order: {name, kind, choices}. Where one is written twice, the first that says how counts.
export function variables(text) {
  const found = new Map();
  for (const [, name, how] of text.matchAll(MARK)) {
    const one = meant(name, how);
    const known = found.get(name);
    if (one && (!known || (known.isPlain && !one.isPlain))) found.set(name, one);
  }
  return [...found.values()];
}

export function filled(text, values) {
  return text.replace(MARK, (mark, name, how) => (meant(name, how) && name in values ? values[name] : mark));
}

function meant(name, how) {
  if (how === undefined) return { name, kind: "text", isPlain: true };
  const kind = how.trim();
  if (KINDS.includes(kind)) return { name, kind };
  const choices = kind.split("|").map((choice) => choice.trim());
  return choices.length > 1 && choices.every(Boolean) ? { name, kind: "choice", choices } : null;
}
