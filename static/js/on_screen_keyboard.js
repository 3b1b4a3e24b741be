// Where the browser lets its keyboard lie over the page (Safari on a phone), the page ends above it.

const { visualViewport: seen } = window;
const MARGIN_PX = 80; // less than that are bars of the browser

function fit() {
  const isCovered = seen.scale === 1 && innerHeight - seen.height > MARGIN_PX;
  document.documentElement.style.setProperty("--screen", isCovered ? `${seen.height}px` : "");
  if (isCovered) scrollTo(0, 0);
}

seen.addEventListener("resize", fit);
