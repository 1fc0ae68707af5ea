/**
 * The life of an attempt on the phone: a pure function from what was known and what happened to
 * what is known now. It reads no clock and sends nothing; both are handed in or done by others.
 */
import type { AttemptState, EventsReply, Nack } from '../../shared/api/types';
import { isFinal } from './nacks';
import type { Attempt, Body, Closed, Link, Pending, SignalKind, Standing, Word } from './model';

export type Happening =
  | { type: 'chosen'; slot: number; response: string[]; wallMs: number }
  | { type: 'marked'; slot: number; on: boolean }
  | { type: 'signalled'; kind: SignalKind; wallMs: number }
  | { type: 'turned_to'; slot: number }
  | { type: 'linked'; link: Link; connection?: number }
  | { type: 'sent'; ns: number[]; behindPing: number }
  | { type: 'state'; state: AttemptState; at: number }
  | { type: 'acked'; connection: number; n: number; remainingMs: number; at: number }
  | { type: 'nacked'; connection: number; nack: Nack; at: number }
  | { type: 'ponged'; connection: number }
  | { type: 'replied'; ns: number[]; reply: EventsReply; at: number }
  | { type: 'extended'; remainingMs: number; addedMs: number; by: string; at: number }
  | { type: 'paused'; remainingMs: number; at: number }
  | { type: 'resumed'; remainingMs: number; at: number }
  | { type: 'locked' }
  | { type: 'unlocked' }
  | { type: 'told'; number: number; text: string }
  | { type: 'word_read'; word: Word }
  | { type: 'stood'; standing: Standing }
  | { type: 'hand_in'; by: 'candidate' | 'deadline' }
  | { type: 'hand_in_dropped' }
  | { type: 'time_is_up' }
  | { type: 'closed'; closed: Closed };

/** How late a second word of the server may move the countdown without it being extra time. */
const FLUSH_MS_MIN = 500;

export function reduce(attempt: Attempt, happening: Happening): Attempt {
  if (attempt.closed && happening.type !== 'word_read') return attempt; // Nothing leads out of it.
  switch (happening.type) {
    case 'chosen':
      return noted(attempt, { t: 'save', slot: happening.slot, response: happening.response, client_at_ms: happening.wallMs });
    case 'marked':
      return noted(attempt, { t: 'mark', slot: happening.slot, on: happening.on });
    case 'signalled':
      return noted(attempt, { t: 'signal', kind: happening.kind, client_at_ms: happening.wallMs });
    case 'turned_to':
      return { ...attempt, place: happening.slot };
    case 'linked':
      return linked(attempt, happening.link, happening.connection);
    case 'sent':
      return sent(attempt, happening.ns, happening.behindPing);
    case 'state':
      return stated(attempt, happening.state, happening.at);
    case 'acked':
      return acked(attempt, happening);
    case 'nacked':
      return happening.connection === attempt.connection ? nacked(attempt, happening.nack, happening.at) : attempt;
    case 'ponged':
      return happening.connection === attempt.connection ? { ...attempt, pongs: attempt.pongs + 1 } : attempt;
    case 'replied':
      return replied(attempt, happening.ns, happening.reply, happening.at);
    case 'extended': {
      const word: Word = { kind: 'extended', addedMs: happening.addedMs, by: happening.by };
      return withWord(timed(attempt, happening.remainingMs, happening.at), word);
    }
    case 'paused':
      return { ...timed(attempt, happening.remainingMs, happening.at), phase: 'paused' };
    case 'resumed': {
      const freed = freed_from(timed(attempt, happening.remainingMs, happening.at), 'resumed');
      return withWord({ ...freed, phase: 'running' }, { kind: 'resumed' });
    }
    case 'locked':
      return { ...attempt, phase: 'locked' };
    case 'unlocked':
      return withWord({ ...freed_from(attempt, 'unlocked'), phase: 'running' }, { kind: 'unlocked' });
    case 'told':
      return told(attempt, happening.number, happening.text);
    case 'word_read':
      return read(attempt, happening.word);
    case 'stood':
      return stood(attempt, happening.standing);
    case 'hand_in':
      return handingIn(attempt, happening.by);
    case 'hand_in_dropped':
      return { ...attempt, handIn: null };
    case 'time_is_up':
      return { ...attempt, timeIsUp: true };
    case 'closed':
      return { ...attempt, closed: happening.closed, phase: happening.closed.by === 'void' ? 'voided' : 'closed' };
  }
}

/** Gives a message its number and keeps it until the server has it. */
function noted(attempt: Attempt, body: Body): Attempt {
  const n = attempt.lastN + 1;
  const fresh: Pending = { n, body, arrived: null, sentOn: 0, behindPing: 0, retryAt: 0, waitsFor: null };
  // An older one for the same place that was never sent says nothing any more.
  const pending = attempt.pending.filter((old) => !(isUnsent(old) && saysTheSame(old.body, body)));
  return { ...attempt, lastN: n, pending: [...pending, fresh] };
}

/** Whether a message has never left; a nacked one has, and may be vouched for. */
function isUnsent(pending: Pending): boolean {
  return pending.sentOn === 0 && pending.arrived === null && pending.waitsFor === null;
}

function saysTheSame(a: Body, b: Body): boolean {
  if (a.t === 'signal' || b.t === 'signal') return false; // Each happened.
  return a.t === b.t && a.slot === b.slot;
}

function linked(attempt: Attempt, link: Link, connection = attempt.connection): Attempt {
  if (connection === attempt.connection) return { ...attempt, link };
  return { ...attempt, link, connection, highestSent: 0, pings: 0, pongs: 0 };
}

function sent(attempt: Attempt, ns: number[], behindPing: number): Attempt {
  const pending = attempt.pending.map((message) =>
    ns.includes(message.n) ? { ...message, sentOn: attempt.connection, behindPing, retryAt: 0 } : message,
  );
  const highestSent = Math.max(attempt.highestSent, ...ns);
  return { ...attempt, pending, highestSent, pings: Math.max(attempt.pings, behindPing) };
}

function stated(attempt: Attempt, state: AttemptState, at: number): Attempt {
  const responses: Record<number, string[]> = {};
  for (const slot of Object.keys(state.responses)) responses[Number(slot)] = state.responses[slot]!;
  const own = state.acked[attempt.device] || 0;
  let next: Attempt = {
    ...timed(attempt, state.remaining_ms, at),
    responses,
    marked: state.marked,
    epoch: state.epoch,
    phase: state.state,
    lastN: Math.max(attempt.lastN, own),
    standing: state.holder === null || state.holder === attempt.device ? 'here' : attempt.standing,
  };
  // Messages that waited for a resume or an unlock which was missed.
  if (state.state === 'running') next = freed_from(freed_from(next, 'resumed'), 'unlocked');
  // Extra time, or an outage given back, calls off what only the clock had asked for.
  if (state.remaining_ms > FLUSH_MS_MIN && state.state !== 'closed') {
    const byDeadline = next.handIn !== null && next.handIn.by === 'deadline';
    if (next.timeIsUp) next = withWord(next, { kind: 'time_back' });
    next = { ...next, timeIsUp: false, handIn: byDeadline ? null : next.handIn };
  }
  return next;
}

/**
 * Believes an ack for what was sent on this connection before it. A message that was refused and
 * sent again counts only once the pong behind it has come: the ack may have left before it.
 */
function acked(attempt: Attempt, ack: { connection: number; n: number; remainingMs: number; at: number }): Attempt {
  if (ack.connection !== attempt.connection) return attempt;
  const isDurable = (message: Pending) =>
    message.n <= ack.n && message.sentOn === attempt.connection && message.behindPing <= attempt.pongs;
  return timed(settled(attempt, isDurable), ack.remainingMs, ack.at);
}

/** Moves what is durable from pending to what the server has. */
function settled(attempt: Attempt, isDurable: (message: Pending) => boolean): Attempt {
  let { responses, marked } = attempt;
  for (const { body } of attempt.pending.filter(isDurable)) {
    if (body.t === 'save') responses = withResponse(responses, body.slot, body.response);
    if (body.t === 'mark') marked = withMark(marked, body.slot, body.on);
  }
  return { ...attempt, responses, marked, pending: attempt.pending.filter((message) => !isDurable(message)) };
}

export function withResponse(responses: Record<number, string[]>, slot: number, response: string[]): Record<number, string[]> {
  const next = { ...responses };
  if (response.length > 0) next[slot] = response;
  else delete next[slot];
  return next;
}

export function withMark(marked: number[], slot: number, on: boolean): number[] {
  const others = marked.filter((other) => other !== slot);
  return on ? [...others, slot] : others;
}

function nacked(attempt: Attempt, nack: Nack, at: number): Attempt {
  const refused = attempt.pending.find((message) => message.n === nack.n);
  if (!refused) return attempt;
  const others = attempt.pending.filter((message) => message !== refused);
  if (nack.code === 'elsewhere') {
    return { ...attempt, pending: others, overtaken: [...attempt.overtaken, refused], standing: 'taken' };
  }
  if (isFinal(nack.code)) {
    const dropped = { ...attempt, pending: others };
    const loses = refused.body.t === 'save' && (nack.code === 'bad_slot' || nack.code === 'bad_response' || nack.code === 'bad_n');
    return loses && refused.body.t === 'save' ? withWord(dropped, { kind: 'refused', slot: refused.body.slot }) : dropped;
  }
  const waiting: Pending = {
    ...refused,
    sentOn: 0,
    arrived: nack.arrived || refused.arrived,
    retryAt: at + (nack.retry_ms || 0),
    waitsFor: nack.code === 'paused' ? 'resumed' : nack.code === 'locked' ? 'unlocked' : null,
  };
  return { ...attempt, pending: attempt.pending.map((message) => (message === refused ? waiting : message)) };
}

/** The reply to events over HTTP: nacks first, then what is durable of this request. */
function replied(attempt: Attempt, ns: number[], reply: EventsReply, at: number): Attempt {
  let next: Attempt = { ...attempt, epoch: reply.epoch };
  for (const nack of reply.nacks) next = nacked(next, nack, at);
  const refused = reply.nacks.map((nack) => nack.n);
  const isDurable = ({ n }: Pending) => ns.includes(n) && n <= reply.acked && !refused.includes(n);
  next = settled(next, isDurable);
  if (reply.state !== next.phase) next = { ...next, phase: reply.state };
  if (reply.state === 'running') next = freed_from(freed_from(next, 'resumed'), 'unlocked');
  return timed(next, reply.remaining_ms, at);
}

function freed_from(attempt: Attempt, what: 'resumed' | 'unlocked'): Attempt {
  if (!attempt.pending.some((message) => message.waitsFor === what)) return attempt;
  const pending = attempt.pending.map((message) =>
    message.waitsFor === what ? { ...message, waitsFor: null, retryAt: 0 } : message,
  );
  return { ...attempt, pending };
}

function timed(attempt: Attempt, remainingMs: number, at: number): Attempt {
  return { ...attempt, timeLeft: { remainingMs, at } };
}

function withWord(attempt: Attempt, word: Word): Attempt {
  return { ...attempt, words: [...attempt.words, word] };
}

/** A message that comes again was said before. */
function told(attempt: Attempt, number: number, text: string): Attempt {
  const isThere = attempt.words.some((word) => word.kind === 'message' && word.number === number);
  return isThere || number <= attempt.heard ? attempt : withWord(attempt, { kind: 'message', number, text });
}

function read(attempt: Attempt, word: Word): Attempt {
  const heard = word.kind === 'message' ? Math.max(attempt.heard, word.number) : attempt.heard;
  return { ...attempt, heard, words: attempt.words.filter((other) => other !== word) };
}

/** After a takeover by another device, what is pending is shown and never sent. */
function stood(attempt: Attempt, standing: Standing): Attempt {
  if (standing !== 'taken') return { ...attempt, standing };
  return { ...attempt, standing, overtaken: [...attempt.overtaken, ...attempt.pending], pending: [] };
}

function handingIn(attempt: Attempt, by: 'candidate' | 'deadline'): Attempt {
  if (attempt.handIn) return attempt; // The same number again, whoever asks.
  const n = attempt.lastN + 1;
  return { ...attempt, lastN: n, handIn: { by, n } };
}
