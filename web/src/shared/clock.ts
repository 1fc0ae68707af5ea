/**
 * The only module that reads a clock or sets a timer.
 *
 * What decides is server time; a phone only shows how much of it is left. It counts with a clock
 * that nobody can set (`steadyNow`); the wall clock is sent along as a claim and shown as dates.
 */

let turnedMs = 0;
let sleptMs = 0;
let lastSeen = { wall: Date.now(), steady: performance.now() };

/** What a sleeping phone is believed to have slept at most; a longer jump is a clock being set. */
const SLEEP_MS_MAX = 3 * 60 * 60 * 1000;

/** Differences below this are rounding, not sleep. */
const SLEEP_MS_MIN = 1000;

/** The phone's own idea of the date, in milliseconds; a claim, never a measure. */
export function wallNow(): number {
  return Date.now() + turnedMs;
}

/** Milliseconds on a clock that only goes forward. Its zero has no meaning. */
export function steadyNow(): number {
  return performance.now() + sleptMs + turnedMs;
}

/**
 * Counts the time a phone slept, which `performance.now()` leaves out on many phones. Called when
 * the page is seen again; a wall clock that somebody set meanwhile is corrected by the server's
 * next word.
 */
export function noteReturn(): void {
  const now = { wall: Date.now(), steady: performance.now() };
  const slept = now.wall - lastSeen.wall - (now.steady - lastSeen.steady);
  if (slept >= SLEEP_MS_MIN && slept <= SLEEP_MS_MAX) sleptMs += slept;
  lastSeen = now;
}

/** Remembers when the page was last seen. */
export function noteLeave(): void {
  lastSeen = { wall: Date.now(), steady: performance.now() };
}

/** Calls `act` after `ms`; the answer cancels it. */
export function after(ms: number, act: () => void): () => void {
  const timer = setTimeout(act, ms);
  return () => clearTimeout(timer);
}

/** Calls `act` every `ms`; the answer ends it. */
export function every(ms: number, act: () => void): () => void {
  const timer = setInterval(act, ms);
  return () => clearInterval(timer);
}

/** Resolves after `ms`. */
export function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

// Browser tests turn the page's clock by this; a candidate's browser is driven by nobody.
if (typeof navigator !== 'undefined' && navigator.webdriver) {
  (window as unknown as { examClock: unknown }).examClock = {
    forward: (ms: number) => (turnedMs += ms),
  };
}
