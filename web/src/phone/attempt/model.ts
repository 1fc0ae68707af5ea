/**
 * What a phone knows of one attempt.
 *
 * `responses` and `marked` are what the server has said is durable; `pending` is what this phone
 * has noticed since and holds until the server has it. What the candidate sees is the one laid
 * over the other, so nothing shows as saved that is not.
 */
import type { Paper, Phase, Receipt, ResultView } from '../../shared/api/types';

export type SignalKind = 'hidden' | 'shown' | 'blurred' | 'focused' | 'call' | 'camera_lost' | 'camera_back' | 'offline' | 'online';

/** What a numbered message says. */
export type Body =
  | { t: 'save'; slot: number; response: string[]; client_at_ms: number }
  | { t: 'mark'; slot: number; on: boolean }
  | { t: 'signal'; kind: SignalKind; client_at_ms: number };

/** A numbered message that the server is not known to have. */
export interface Pending {
  n: number;
  body: Body;
  /** What a nack vouched for; goes back with the retry. */
  arrived: string | null;
  /** The connection it was last sent on; 0 where it has to be sent. */
  sentOn: number;
  /** The pong that has to come before an ack counts; 0 for a first sending. */
  behindPing: number;
  /** When a refused one may be sent again, on the steady clock. */
  retryAt: number;
  /** What a refused one waits for. */
  waitsFor: 'resumed' | 'unlocked' | null;
}

/** How the phone reaches the server. */
export type Link = 'connecting' | 'live' | 'http' | 'offline';

/** Who writes to the session, as far as this page knows. */
export type Standing =
  | 'here'
  | 'elsewhere' // Another device writes; this page has not written yet.
  | 'taken' // Another device has taken over from this page.
  | 'other_tab'; // Another page of this device has.

/** Why the page is handing in. */
export type HandIn = null | { by: 'candidate' | 'deadline'; n: number };

/** Something the server said that the candidate has to see. */
export type Word =
  | { kind: 'extended'; addedMs: number; by: string }
  /** Numbered from 1, because the server says the last one again to who may not have heard it. */
  | { kind: 'message'; number: number; text: string }
  | { kind: 'resumed' }
  | { kind: 'unlocked' }
  /** Time was up on this page, and the server says it is not: an outage was given back. */
  | { kind: 'time_back' }
  | { kind: 'refused'; slot: number };

/** Time left as it was at an instant of the steady clock. */
export interface TimeLeft {
  remainingMs: number;
  at: number;
}

export interface Closed {
  by: string;
  receipt: Receipt;
  result: ResultView;
}

export interface Attempt {
  attemptId: string;
  device: string;
  paper: Paper;
  /** The slot on the screen. */
  place: number;
  /** The highest number given to a message of this device. */
  lastN: number;
  responses: Record<number, string[]>;
  marked: number[];
  pending: Pending[];
  /** Pending messages that another device's takeover has overtaken: shown, never sent. */
  overtaken: Pending[];
  phase: Phase;
  epoch: number | null;
  timeLeft: TimeLeft | null;
  link: Link;
  standing: Standing;
  /** The connection in use; each has a number of its own. */
  connection: number;
  /** The highest number sent on it. */
  highestSent: number;
  pings: number;
  pongs: number;
  handIn: HandIn;
  /** Whether time was up while the server could not be reached. */
  timeIsUp: boolean;
  words: Word[];
  /** The number of the last message of an invigilator that was read. */
  heard: number;
  closed: Closed | null;
}

/** An attempt before anything is known of it but its paper. */
export function freshAttempt(paper: Paper, device: string): Attempt {
  const first = paper.slots[0];
  return {
    attemptId: paper.attempt_id,
    device,
    paper,
    place: first ? first.slot : 1,
    lastN: 0,
    responses: {},
    marked: [],
    pending: [],
    overtaken: [],
    phase: 'running',
    epoch: null,
    timeLeft: null,
    link: 'connecting',
    standing: 'here',
    connection: 0,
    highestSent: 0,
    pings: 0,
    pongs: 0,
    handIn: null,
    timeIsUp: false,
    words: [],
    heard: 0,
    closed: null,
  };
}
