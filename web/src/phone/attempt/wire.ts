/** The socket's messages, as the protocol has them. */
import type { AttemptState, Nack, Receipt, ResultView } from '../../shared/api/types';

export const PROTOCOL = 'exam.v1';

/** Why the server ended a connection. */
export const CLOSE = {
  done: 1000,
  restarting: 1012,
  notAMessage: 4400,
  notSignedIn: 4401,
  noSuchAttempt: 4404,
  newerEpoch: 4409,
  ignoresBusy: 4429,
  /** Ours: it answered no more. */
  foundDead: 4999,
} as const;

export type ServerMessage =
  | ({ t: 'state' } & AttemptState)
  | { t: 'ack'; n: number; remaining_ms: number }
  | ({ t: 'nack' } & Nack)
  | { t: 'snapshot'; request_id: string; until_ms: number }
  | { t: 'extended'; deadline_ms: number | null; remaining_ms: number; added_ms: number; by: string }
  | { t: 'paused'; until_ms: number; remaining_ms: number }
  | { t: 'resumed'; deadline_ms: number; remaining_ms: number }
  | { t: 'locked' }
  | { t: 'unlocked' }
  | { t: 'message'; number: number; text: string }
  | { t: 'elsewhere' }
  | { t: 'closed'; by: string; receipt: Receipt; result: ResultView }
  | { t: 'pong'; now_ms: number };

/** Reads a message; null for what is none, which a client passes over. */
export function parse(text: unknown): ServerMessage | null {
  if (typeof text !== 'string') return null;
  try {
    return JSON.parse(text) as ServerMessage;
  } catch (_) {
    return null;
  }
}

/** Where the connection of an attempt is. */
export function socketUrl(attemptId: string): string {
  const scheme = location.protocol === 'https:' ? 'wss:' : 'ws:';
  return `${scheme}//${location.host}/api/v1/attempts/${attemptId}/connection`;
}
