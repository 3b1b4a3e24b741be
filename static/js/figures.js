// Numbers and times as the reader writes them. The server says times in UTC: it cannot know where a person is.

const DAY_MS = 86400000;
const language = document.documentElement.lang;

// A browser takes tens of milliseconds to make its first: not before one is needed.
const numbers = lazily(() => new Intl.NumberFormat(language));
export const clock = lazily(() => new Intl.DateTimeFormat(language, { hour: "numeric", minute: "2-digit" }));
export const calendar = lazily(() => new Intl.DateTimeFormat(language, { month: "short", day: "numeric", hour: "numeric", minute: "2-digit" }));

export function lazily(make) {
  let made = null;
  return () => (made ??= make());
}

export const number = (value) => numbers().format(value);

// A time of the next day is clear without its date.
export function when(iso) {
  const time = new Date(iso);
  return (Math.abs(time - Date.now()) < DAY_MS ? clock() : calendar()).format(time);
}

export const isAhead = (iso) => !iso || new Date(iso) > Date.now();
