// The page without a network: the reader's language and theme, and another try, by hand or when the network is back.
// It imports nothing: what is kept for offline is this file.

const cookies = new Map(document.cookie.split("; ").map((one) => [one.split("=", 1)[0], one.slice(one.indexOf("=") + 1)]));
const [, theme] = /(?:^|\.)theme:(\w+)/.exec(cookies.get("appearance") ?? "") ?? [];
const sections = [...document.querySelectorAll("section[lang]")];
const wishes = [cookies.get("django_language"), ...navigator.languages].filter(Boolean).map((wish) => wish.toLowerCase());
const spoken = wishes.map(inLanguage).find(Boolean) ?? sections[0];

function inLanguage(wish) {
  return sections.find(({ lang }) => wish.split("-")[0] === lang.split("-")[0]);
}

const again = () => location.reload();

for (const section of sections) section.hidden = section !== spoken;
document.documentElement.lang = spoken.lang;
document.title = `${spoken.querySelector("h1").textContent} · Chatsite`;
if (theme) document.documentElement.dataset.theme = theme;
for (const button of document.querySelectorAll("[data-retry]")) button.onclick = again;
addEventListener("online", again);
