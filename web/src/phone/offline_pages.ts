/** Has the browser keep the pages, so that a reload without network shows them. */
export function keepPages(): void {
  if (!import.meta.env.PROD || !('serviceWorker' in navigator)) return;
  // Where it is refused (private mode, iOS inside WeChat) a reload simply needs the network.
  navigator.serviceWorker.register('/sw.js', { updateViaCache: 'none' }).catch(() => undefined);
}
