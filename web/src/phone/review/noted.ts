/** What a decision is about, told in few lines: a minute without network may be noted many times. */
import type { components } from '../../shared/api/schema';

export type Incident = components['schemas']['IncidentView'];

/** All incidents of one kind. */
export interface Noted {
  code: string;
  times: number;
  fromMs: number;
  toMs: number;
  /** How long they took together; null where that says nothing. */
  lengthMs: number | null;
}

/** By kind, in the order in which they were first seen. */
export function noted(incidents: Incident[]): Noted[] {
  const byCode: Record<string, Noted> = {};
  const all: Noted[] = [];
  for (const { code, at_ms: at, length_ms: length, times } of incidents) {
    const fresh = { code, times: 0, fromMs: at, toMs: at, lengthMs: null };
    const one = byCode[code] || (byCode[code] = fresh);
    if (one === fresh) all.push(one);
    one.times += times || 1;
    one.fromMs = Math.min(one.fromMs, at);
    one.toMs = Math.max(one.toMs, at);
    if (typeof length === 'number') one.lengthMs = (one.lengthMs || 0) + length;
  }
  return all;
}
