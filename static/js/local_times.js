// Times that a page has in UTC, as the reader's clock shows them: those of another day with it, of another year with that.

import { calendar, clock } from "./figures.js";

const withYear = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });

export function showTimes(place) {
  const now = new Date();
  for (const time of place.querySelectorAll("time[data-local]")) {
    const moment = new Date(time.dateTime);
    const form = moment.toDateString() === now.toDateString() ? clock : calendar;
    time.textContent = (moment.getFullYear() === now.getFullYear() ? form() : withYear).format(moment);
  }
}

showTimes(document);
