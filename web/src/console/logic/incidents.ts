/** What may be pointed at, and what it is seen from. The words stand with the texts. */

import type { Evidence, Incident, Severity } from '../api/types';

export type Seen = 'photograph' | 'requests' | 'page' | 'devices' | 'camera' | 'consent' | 'store';

/** Every code that the server's rules know. */
export const SEEN_FROM: Record<string, Seen> = {
  no_face: 'photograph',
  several_faces: 'photograph',
  small_face: 'photograph',
  cut_off: 'photograph',
  turned_away: 'photograph',
  dark: 'photograph',
  blurred: 'photograph',
  covered: 'photograph',
  same_file: 'photograph',
  same_frame: 'photograph',
  unreadable: 'store',
  unlike: 'photograph',
  snapshot_missing: 'requests',
  snapshots_mostly_missing: 'requests',
  snapshot_late: 'requests',
  no_consent: 'consent',
  consent_withdrawn: 'consent',
  no_camera: 'camera',
  chosen_file: 'camera',
  virtual_camera: 'camera',
  other_camera: 'camera',
  away: 'page',
  away_often: 'page',
  call: 'page',
  camera_gone: 'page',
  other_device: 'devices',
  devices_often: 'devices',
};

/** How grave a finding of one photograph is by itself, as the server has it. */
const FIRST: readonly string[] = ['several_faces', 'same_file', 'same_frame'];
const LOOK: readonly string[] = ['no_face', 'covered', 'unreadable', 'unlike'];
export const severityOfFinding = (code: string) => (FIRST.includes(code) ? 'first' : LOOK.includes(code) ? 'look' : 'note');

/** The snapshot of a moment: asked for then, or else the nearest; nothing where there is none. */
export function nearest<Shot extends { place: number; asked_at_ms: number }>(snapshots: readonly Shot[], atMs: number): Shot | undefined {
  const away = (shot: Shot) => Math.abs(shot.asked_at_ms - atMs);
  return snapshots.reduce<Shot | undefined>((best, shot) => (best === undefined || away(shot) < away(best) ? shot : best), undefined);
}

const RANKS: Record<Severity, number> = { first: 0, look: 1, note: 2 };

/** Which photograph of an attempt that is over is shown first: that of the gravest incident, or the first. */
export function firstLook({ incidents, snapshots }: Pick<Evidence, 'incidents' | 'snapshots'>): number {
  const [gravest] = [...incidents].sort((a, b) => RANKS[a.severity] - RANKS[b.severity]);
  const shot = gravest ? nearest(snapshots, gravest.at_ms) : snapshots[0];
  return shot?.place ?? 0;
}

/** Incidents of one kind together, the gravest kind first, and each kind's moments in their order. */
export function grouped(incidents: readonly Incident[]): { code: string; severity: Severity; incidents: Incident[] }[] {
  const kinds = new Map<string, Incident[]>();
  for (const incident of [...incidents].sort((a, b) => a.at_ms - b.at_ms)) kinds.set(incident.code, [...(kinds.get(incident.code) ?? []), incident]);
  const gravest = (all: Incident[]) => all.map(({ severity }) => severity).reduce((a, b) => (RANKS[b] < RANKS[a] ? b : a));
  return [...kinds].map(([code, all]) => ({ code, severity: gravest(all), incidents: all })).sort((a, b) => RANKS[a.severity] - RANKS[b.severity]);
}
