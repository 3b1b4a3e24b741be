// Announcements: one that was put away stays away in this browser, until its words change.
const KEY = "banners-put-away";
const MOST = 50;

function putAway() {
  try {
    const names = JSON.parse(localStorage.getItem(KEY) ?? "[]");
    return Array.isArray(names) ? names : [];
  } catch {
    return []; // storage may be refused, or hold something else
  }
}

function remember(name) {
  try {
    localStorage.setItem(KEY, JSON.stringify([...putAway(), name].slice(-MOST)));
  } catch {
    // then it comes back with the next page
  }
}

const away = putAway();
for (const banner of document.querySelectorAll("[data-banner]")) {
  banner.hidden = away.includes(banner.dataset.banner);
  banner.querySelector("[data-dismiss]")?.addEventListener("click", () => {
    remember(banner.dataset.banner);
    banner.hidden = true;
  });
}
