// The service worker: a page for when the site cannot be reached, and nothing else. It keeps that page and what it is made
// of, never anything of a person; it looks only at navigations, and lets the browser do the rest as if it were not there.

const { cache: NAME, page: PAGE, files: FILES } = {{ kept|safe }};

addEventListener("install", (event) => {
  event.waitUntil(keep());
  skipWaiting(); // a newer one can take over at any time: no page depends on which one there is
  event.addRoutes?.({ condition: { urlPattern: new URLPattern({ pathname: "/static/*", search: "" }) }, source: "network" }).catch(() => {});
});

addEventListener("activate", (event) => {
  event.waitUntil(Promise.all([forgetOlder(), registration.navigationPreload?.enable()]));
});

addEventListener("fetch", (event) => {
  const { mode, method, url } = event.request;
  if (mode === "navigate" && method === "GET") event.respondWith(fromSite(event));
  else if (FILES.includes(url.slice(location.origin.length))) event.respondWith(fromCache(event.request));
});

async function keep() {
  const cache = await caches.open(NAME);
  await cache.addAll([PAGE, ...FILES].map((url) => new Request(url, { cache: "reload", credentials: "omit" })));
}

async function forgetOlder() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name !== NAME).map((name) => caches.delete(name)));
}

// The browser has begun to ask already, while this script was starting.
async function fromSite(event) {
  try {
    return (await event.preloadResponse) ?? (await fetch(event.request));
  } catch {
    return (await caches.match(PAGE)) ?? Response.error();
  }
}

async function fromCache(request) {
  return (await caches.match(request)) ?? fetch(request);
}
