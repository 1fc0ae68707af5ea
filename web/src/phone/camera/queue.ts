/**
 * The photographs that were asked for and are not with the server yet: pure functions from what was
 * wanted and what happened to what is wanted now. Times are of the steady clock, in milliseconds.
 */

/** A request for a photograph, as the server makes it. */
export interface Asked {
  request_id: string;
  until_ms: number;
}

/** A photograph that waits to be sent. */
export interface Picture {
  jpeg: Blob;
  /** Whether it was chosen as a file. */
  byHand: boolean;
  /** What the camera calls itself; empty for a file. */
  label: string;
}

export interface Wanted {
  id: string;
  /** When it was asked for, as far as this phone knows. */
  askedAt: number;
  picture: Picture | null;
  failures: number;
  /** When it may be sent again. */
  sendAt: number;
}

export type Queue = readonly Wanted[];

/** The server takes a photograph so long after its request; later it says nothing any more. */
export const LATE_MS_MAX = 30 * 60_000;

/** The first wait before an upload is tried again, doubled by each that fails. */
const AGAIN_MS = 2_000;
const AGAIN_MS_MAX = 60_000;

/** What an upload came to. */
export type Outcome = 'done' | 'dropped' | 'again';

/** What a status means: a server with too much to do is asked again, a refusal is final. */
export function outcomeOf(status: number): Outcome {
  if (status >= 200 && status < 300) return 'done';
  return status >= 500 || status === 429 || status === 408 || status === 401 ? 'again' : 'dropped';
}

/** How long to wait after so many failures in a row, before chance is added. */
export function againAfterMs(failures: number): number {
  return Math.min(AGAIN_MS_MAX, AGAIN_MS * 2 ** Math.min(failures - 1, 10));
}

/** With what is asked for now; what is known already is not wanted twice. */
export function withAsked(queue: Queue, asked: Asked[], now: number): Queue {
  const fresh = asked.filter(({ request_id: id }, place) => {
    const isFirst = asked.findIndex((other) => other.request_id === id) === place;
    return isFirst && !queue.some((wanted) => wanted.id === id);
  });
  if (fresh.length === 0) return queue;
  return [...queue, ...fresh.map(({ request_id: id }): Wanted => ({ id, askedAt: now, picture: null, failures: 0, sendAt: 0 }))];
}

/** Without what came too late to be worth anything. */
export function withoutStale(queue: Queue, now: number): Queue {
  const living = queue.filter(({ askedAt }) => now - askedAt < LATE_MS_MAX);
  return living.length === queue.length ? queue : living;
}

/** The request that the next photograph answers: the newest, which says most about now. */
export function nextToShoot(queue: Queue): Wanted | null {
  const open = queue.filter(({ picture }) => picture === null);
  return open[open.length - 1] || null;
}

/** The photograph to send at `now`, the oldest first. */
export function nextToSend(queue: Queue, now: number): Wanted | null {
  return queue.find(({ picture, sendAt }) => picture !== null && sendAt <= now) || null;
}

/** When the next photograph may be sent; null where none waits for the clock. */
export function nextSendAt(queue: Queue): number | null {
  const times = queue.filter(({ picture }) => picture !== null).map(({ sendAt }) => sendAt);
  return times.length === 0 ? null : Math.min(...times);
}

export function withPicture(queue: Queue, id: string, picture: Picture): Queue {
  return queue.map((wanted) => (wanted.id === id ? { ...wanted, picture } : wanted));
}

/** After an upload; `waitMs` is how long a failed one waits. */
export function settled(queue: Queue, id: string, outcome: Outcome, again: { now: number; waitMs: number }): Queue {
  if (outcome !== 'again') return queue.filter((wanted) => wanted.id !== id);
  return queue.map((wanted) =>
    wanted.id === id ? { ...wanted, failures: wanted.failures + 1, sendAt: again.now + again.waitMs } : wanted,
  );
}

/** The server can be reached again: nothing waits for the clock any more. */
export function hurried(queue: Queue): Queue {
  return queue.map((wanted) => (wanted.sendAt > 0 ? { ...wanted, sendAt: 0, failures: 0 } : wanted));
}

/** How many requests have no photograph yet. */
export function waiting(queue: Queue): number {
  return queue.filter(({ picture }) => picture === null).length;
}
