/**
 * What of an attempt outlives the page. Each pending message is a record of its own, so a tap
 * writes a few hundred bytes; the rest is one record. All changes of one step are written
 * together, so a number is never used twice after a crash.
 */
import type { Paper } from '../../shared/api/types';
import { freshAttempt, type Attempt, type HandIn, type Pending } from './model';

export interface Write {
  key: string;
  /** Undefined removes the record. */
  value: unknown;
}

/** The record of an attempt, but for its pending messages. */
export interface Progress {
  paper: Paper;
  place: number;
  lastN: number;
  responses: Record<number, string[]>;
  marked: number[];
  epoch: number | null;
  handIn: HandIn;
  /** Missing in what an older page wrote. */
  heard?: number;
  timeLeft: { remainingMs: number; wallMs: number } | null;
}

const PROGRESS = 'progress/';
const PENDING = 'pending/';

/** All keys of an attempt begin with one of these. */
export function keysOf(attemptId: string): { progress: string; pending: string } {
  return { progress: PROGRESS + attemptId, pending: `${PENDING}${attemptId}/` };
}

function pendingKey(attemptId: string, n: number): string {
  return keysOf(attemptId).pending + String(n).padStart(16, '0');
}

/** What has to be written after a step from `before` to `after`. */
export function writes(before: Attempt | null, after: Attempt, clock: { steady: number; wall: number }): Write[] {
  const id = after.attemptId;
  if (after.closed) return [];
  const changes: Write[] = [];
  const old = before ? before.pending : [];
  for (const message of after.pending) {
    if (!old.some((other) => other.n === message.n && other.arrived === message.arrived)) {
      changes.push({ key: pendingKey(id, message.n), value: { n: message.n, body: message.body, arrived: message.arrived } });
    }
  }
  for (const message of old) {
    if (!after.pending.some((other) => other.n === message.n)) {
      changes.push({ key: pendingKey(id, message.n), value: undefined });
    }
  }
  if (!before || changes.length > 0 || progressMoved(before, after)) {
    changes.push({ key: keysOf(id).progress, value: progress(after, clock) });
  }
  return changes;
}

function progressMoved(before: Attempt, after: Attempt): boolean {
  return (
    before.place !== after.place ||
    before.lastN !== after.lastN ||
    before.responses !== after.responses ||
    before.marked !== after.marked ||
    before.epoch !== after.epoch ||
    before.handIn !== after.handIn ||
    before.heard !== after.heard
  );
}

function progress(attempt: Attempt, clock: { steady: number; wall: number }): Progress {
  const { paper, place, lastN, responses, marked, epoch, handIn, heard, timeLeft } = attempt;
  const left = timeLeft && {
    remainingMs: Math.max(0, timeLeft.remainingMs - (attempt.phase === 'paused' ? 0 : clock.steady - timeLeft.at)),
    wallMs: clock.wall,
  };
  return { paper, place, lastN, responses, marked, epoch, handIn, heard, timeLeft: left };
}

/** An attempt as it was left. Its countdown is an estimate until the server speaks. */
export function restored(progress: Progress, kept: unknown[], device: string, clock: { steady: number; wall: number }): Attempt {
  const pending = (kept as Pending[])
    .map((message): Pending => ({ ...message, sentOn: 0, behindPing: 0, retryAt: 0, waitsFor: null }))
    .sort((a, b) => a.n - b.n);
  const last = pending[pending.length - 1];
  const { timeLeft } = progress;
  // A wall clock that was turned back must not give time.
  const away = timeLeft ? Math.max(0, clock.wall - timeLeft.wallMs) : 0;
  return {
    ...freshAttempt(progress.paper, device),
    place: progress.place,
    lastN: Math.max(progress.lastN, last ? last.n : 0),
    responses: progress.responses,
    marked: progress.marked,
    epoch: progress.epoch,
    handIn: progress.handIn,
    heard: progress.heard || 0,
    pending,
    timeLeft: timeLeft && { remainingMs: Math.max(0, timeLeft.remainingMs - away), at: clock.steady },
  };
}
