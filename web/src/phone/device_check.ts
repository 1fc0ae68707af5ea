/** The device check: what this phone needs for an exam, and what to do where it is missing. */
import { ask, Unreachable } from '../shared/api/http';
import { steadyNow, wallNow } from '../shared/clock';
import { vault } from './storage';
import { canStayAwake } from './wake_lock';

export type Verdict = 'green' | 'amber' | 'red';

export interface Finding {
  verdict: Verdict;
  /** The text's key behind `check.`. */
  text: string;
  values: Record<string, number>;
}

export type CheckName = 'network' | 'storage' | 'clock' | 'screen';

/** Slower there and back than this, and a candidate should look for a better network. */
const SLOW_MS = 1_500;

/** A phone's clock may be off by so much before it is worth a word. */
const CLOCK_OFF_MS = 120_000;

/** Narrower than this, and a line of Chinese at 200 % has less than eight characters. */
const WIDTH_MIN = 300;

export interface Network {
  finding: Finding;
  /** How far the phone's clock is ahead of the server's; null where that could not be asked. */
  clockOffMs: number | null;
}

/** Asks the server twice and takes the better time; the first may have had to connect. */
export async function checkNetwork(): Promise<Network> {
  let best = Infinity;
  let clockOffMs: number | null = null;
  try {
    for (let round = 0; round < 2; round++) {
      const begun = steadyNow();
      const { dateMs } = await ask('/me', { withinMs: 10_000 });
      const took = steadyNow() - begun;
      if (took < best) best = took;
      if (dateMs !== null) clockOffMs = wallNow() - dateMs;
    }
  } catch (error) {
    if (error instanceof Unreachable) return { finding: { verdict: 'red', text: 'network_red', values: {} }, clockOffMs: null };
    throw error;
  }
  return { finding: network(best), clockOffMs };
}

export function network(ms: number): Finding {
  const slow = ms > SLOW_MS;
  return { verdict: slow ? 'amber' : 'green', text: slow ? 'network_amber' : 'network_green', values: { ms: Math.round(ms) } };
}

/** Writes a record, reads it back and removes it. */
export async function checkStorage(): Promise<Finding> {
  const kept = await vault();
  const written = Math.round(wallNow());
  await kept.write([{ key: 'check', value: written }]);
  const read = await kept.read('check');
  await kept.write([{ key: 'check', value: undefined }]);
  const works = kept.kept() === 'disk' && read === written;
  return works
    ? { verdict: 'green', text: 'storage_green', values: {} }
    : { verdict: 'amber', text: 'storage_amber', values: {} };
}

export function clock(offMs: number | null): Finding {
  if (offMs === null) return { verdict: 'amber', text: 'clock_unknown', values: {} };
  if (Math.abs(offMs) <= CLOCK_OFF_MS) return { verdict: 'green', text: 'clock_green', values: {} };
  return { verdict: 'amber', text: 'clock_amber', values: { minutes: Math.round(Math.abs(offMs) / 60_000) } };
}

export function screen(width: number, awake: boolean): Finding {
  if (width < WIDTH_MIN) return { verdict: 'amber', text: 'screen_amber', values: {} };
  return awake
    ? { verdict: 'green', text: 'screen_green', values: {} }
    : { verdict: 'green', text: 'screen_awake', values: {} };
}

export function checkScreen(): Finding {
  return screen(document.documentElement.clientWidth, canStayAwake());
}
