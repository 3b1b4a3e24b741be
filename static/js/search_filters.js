// What narrows a search, and the whole of what is asked.

export const filters = () => document.getElementById("search-filters");

// A day is the person's own, from its beginning to its end.
export function query(form) {
  const given = new URLSearchParams([...new FormData(form)].filter(([, value]) => value.trim()));
  for (const [name, days] of [["since", 0], ["until", 1]]) {
    if (!given.has(name)) continue;
    const day = new Date(`${given.get(name)}T00:00`);
    day.setDate(day.getDate() + days);
    given.set(name, day.toISOString());
  }
  return given.toString();
}

export function countFilters() {
  const set = [...filters().querySelectorAll("select, input")].filter(({ value }) => value).length;
  const badge = filters().querySelector("[data-active]");
  badge.textContent = set;
  badge.hidden = filters().querySelector("[data-clear]").hidden = !set;
}

export function clearFilters() {
  for (const one of filters().querySelectorAll("select, input")) one.value = "";
  countFilters();
  filters().querySelector("summary").focus();
}
