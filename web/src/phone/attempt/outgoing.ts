/** What has to leave the phone now. */
import type { Attempt, Body, Pending } from './model';

/** A numbered message as the protocol has it. */
export type Numbered = Body & { n: number; arrived?: string };

/** How many events one request may bring; the protocol allows 500 and 64 KiB. */
export const EVENTS_MAX = 200;

export interface Outgoing {
  messages: Pending[];
  /** Whether some of them were refused before on this connection, so that a ping goes behind. */
  again: boolean;
}

/** The pending messages to send on the connection in use, in order, at `now` of the steady clock. */
export function outgoing(attempt: Attempt, now: number): Outgoing {
  const messages = attempt.pending.filter(
    (message) => message.sentOn !== attempt.connection && message.waitsFor === null && message.retryAt <= now,
  );
  return { messages, again: messages.some((message) => message.n < attempt.highestSent) };
}

/** When the next refused message may be sent again; null where none waits for the clock. */
export function nextRetryAt(attempt: Attempt): number | null {
  const waits = attempt.pending.filter((message) => message.sentOn === 0 && message.retryAt > 0 && message.waitsFor === null);
  return waits.length === 0 ? null : Math.min(...waits.map((message) => message.retryAt));
}

export function numbered({ n, body, arrived }: Pending): Numbered {
  return arrived === null ? { ...body, n } : { ...body, n, arrived };
}
