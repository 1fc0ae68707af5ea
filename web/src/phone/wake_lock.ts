/** Keeps the screen on during an exam, where the browser can. */

interface Sentinel {
  release(): Promise<void>;
}
interface WakeLock {
  request(kind: 'screen'): Promise<Sentinel>;
}

function wakeLock(): WakeLock | undefined {
  return (navigator as unknown as { wakeLock?: WakeLock }).wakeLock;
}

export function canStayAwake(): boolean {
  return wakeLock() !== undefined;
}

/** Asks for it, and again whenever the page is seen again; the answer lets the screen sleep. */
export function stayAwake(): () => void {
  let held: Sentinel | null = null;
  let ended = false;
  const hold = async () => {
    const lock = wakeLock();
    if (!lock || ended || document.visibilityState !== 'visible') return;
    held = await lock.request('screen').catch(() => null);
  };
  const onShown = () => void hold();
  document.addEventListener('visibilitychange', onShown);
  void hold();
  return () => {
    ended = true;
    document.removeEventListener('visibilitychange', onShown);
    if (held) held.release().catch(() => undefined);
  };
}
