/** What happened in an attempt as lines for people: signals that belong together make one. */
import type { Evidence, Phase, SignalKind, Snapshot, TimelineEntry } from '../api/types';

export interface Line {
  atMs: number;
  /** The end of its text's key: `signal.away`, `snapshot`, `extended`. */
  what: string;
  /** How long it took; nothing where that says nothing. */
  lengthMs?: number;
  addedMs?: number;
  /** Who did it. */
  who?: string;
  reason?: string;
  /** Who or what ended it. */
  by?: string;
  snapshot?: Snapshot;
  tone: 'plain' | 'staff' | 'signal' | 'snapshot';
}

/** Signals that begin a stretch, by its name, and those that end it. */
const STRETCHES: { name: string; begins: SignalKind[]; ends: SignalKind[]; endsOnOpen: boolean }[] = [
  { name: 'away', begins: ['hidden', 'blurred'], ends: ['shown', 'focused'], endsOnOpen: true },
  { name: 'offline', begins: ['offline'], ends: ['online'], endsOnOpen: false },
  { name: 'camera_gone', begins: ['camera_lost'], ends: ['camera_back'], endsOnOpen: false },
];

function stretches(entries: readonly TimelineEntry[]): Line[] {
  const lines: Line[] = [];
  for (const { name, begins, ends, endsOnOpen } of STRETCHES) {
    let open: Line | null = null;
    for (const entry of entries) {
      const kind = entry.what === 'signal' ? entry.kind : null;
      const isEnd = (kind !== null && ends.includes(kind)) || (endsOnOpen && entry.what === 'opened');
      if (kind !== null && begins.includes(kind) && !open) {
        open = { atMs: entry.at_ms, what: `signal_${name}`, tone: 'signal' };
        lines.push(open);
      } else if (isEnd && open) {
        open.lengthMs = entry.at_ms - open.atMs;
        open = null;
      }
    }
  }
  return lines;
}

function lineOf(entry: TimelineEntry, names: Record<string, string>): Line | null {
  if (entry.what === 'signal') return entry.kind === 'call' ? { atMs: entry.at_ms, what: 'signal_call', tone: 'signal' } : null;
  if (entry.what === 'opened') return { atMs: entry.at_ms, what: entry.other ? 'opened_other' : 'opened', tone: entry.other ? 'signal' : 'plain' };
  if (entry.what === 'started') return { atMs: entry.at_ms, what: 'started', tone: 'plain' };
  const line: Line = { atMs: entry.at_ms, what: entry.what, tone: entry.staff === null ? 'plain' : 'staff' };
  if (entry.staff !== null) line.who = names[entry.staff] ?? '';
  if ('reason' in entry && entry.reason !== '') line.reason = entry.reason;
  if (entry.what === 'extended') line.addedMs = entry.added_ms;
  if (entry.what === 'closed') line.by = entry.by;
  return line;
}

export function linesOf({ timeline, snapshots, staff }: Pick<Evidence, 'timeline' | 'snapshots' | 'staff'>): Line[] {
  const told = timeline.map((entry) => lineOf(entry, staff)).filter((line): line is Line => line !== null);
  // A page that is there already and opens the session again was without network for a while.
  for (const line of told.filter(({ what }) => what === 'opened').slice(1)) line.what = 'opened_again';
  const shots = snapshots.map((snapshot): Line => ({ atMs: snapshot.asked_at_ms, what: 'snapshot', tone: 'snapshot', snapshot }));
  // Sorting keeps what came at one moment in its order.
  return [...told, ...stretches(timeline), ...shots].sort((a, b) => a.atMs - b.atMs);
}

/** Where an attempt stands, as its story says it. */
export function phaseOf(timeline: readonly TimelineEntry[]): Phase {
  const last = (...whats: TimelineEntry['what'][]) => timeline.filter(({ what }) => whats.includes(what)).slice(-1)[0]?.what;
  if (last('voided', 'reinstated') === 'voided') return 'voided';
  if (last('closed') === 'closed') return 'closed';
  if (last('paused', 'resumed') === 'paused') return 'paused';
  return last('locked', 'unlocked') === 'locked' ? 'locked' : 'running';
}

/** Answers a minute as at most `most` bars; each stands for `minutes`. */
export function binned(answers: readonly number[], most: number): { minutes: number; bars: number[] } {
  const minutes = Math.max(1, Math.ceil(answers.length / most));
  const bars: number[] = [];
  answers.forEach((count, at) => (bars[Math.floor(at / minutes)] = (bars[Math.floor(at / minutes)] ?? 0) + count));
  return { minutes, bars };
}
