// Times that a page has in UTC, as the reader's clock shows them; those of another year with it.

import { when } from "./figures.js";

const withYear = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });

for (const time of document.querySelectorAll("time[data-local]")) {
  const moment = new Date(time.dateTime);
  time.textContent = moment.getFullYear() === new Date().getFullYear() ? when(time.dateTime) : withYear.format(moment);
}
