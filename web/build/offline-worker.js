// Shows the phone's pages when the network is away. Answers and papers never pass through here:
// only the page itself and its hashed files are kept, and the page is fetched anew whenever the
// server can be reached. Written for old browsers, because it is not compiled.
const version = 'VERSION';
const files = ['FILES'];
const name = 'exam-' + version;

/** How long a weak network may take for the page before the kept one is shown, in milliseconds. */
const pageWithinMs = 8000;

self.addEventListener('install', (event) => {
  const keep = caches.open(name).then((cache) => cache.addAll(['/'].concat(files)));
  event.waitUntil(keep.then(() => self.skipWaiting()));
});

self.addEventListener('activate', (event) => {
  const gone = (key) => key.startsWith('exam-') && key !== name;
  const tidy = caches.keys().then((keys) => Promise.all(keys.filter(gone).map((key) => caches.delete(key))));
  event.waitUntil(tidy.then(() => self.clients.claim()));
});

self.addEventListener('fetch', (event) => {
  const request = event.request;
  const url = new URL(request.url);
  if (request.method !== 'GET' || url.origin !== self.location.origin) return;
  if (request.mode === 'navigate' && url.pathname === '/') {
    event.respondWith(page(request));
  } else if (url.pathname.startsWith('/assets/')) {
    event.respondWith(caches.match(request).then((kept) => kept || fetch(request)));
  }
});

/** The page from the server; the kept one where that fails or takes too long. */
function page(request) {
  const kept = () => caches.open(name).then((cache) => cache.match('/'));
  const fresh = fetch(request);
  const late = new Promise((resolve) => setTimeout(resolve, pageWithinMs)).then(kept);
  return Promise.race([fresh, late.then((page) => page || fresh)])
    .catch(() => kept().then((page) => page || Response.error()));
}
