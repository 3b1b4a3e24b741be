// Times that a page has in UTC, as the reader's clock shows them.

import { when } from "./figures.js";

for (const time of document.querySelectorAll("time[data-local]")) time.textContent = when(time.dateTime);
