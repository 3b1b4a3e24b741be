// A page about something that is done elsewhere: what it says is brought anew each second, until there is no more to come.

const EACH_MS = 1000;

async function again() {
  try {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) return;
    const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
    const state = fresh.querySelector("[data-waiting]");
    if (state?.dataset.waiting !== "true") return location.reload();
    const here = document.querySelector("[data-waiting]");
    if (here.textContent !== state.textContent) here.replaceChildren(...state.childNodes);
  } catch {
    // The network is away: the next time, perhaps.
  }
  setTimeout(again, EACH_MS);
}

setTimeout(again, EACH_MS);
