/** How an exam takes photographs, as a form. Nothing of it has a default: it decides about people. */

type Json = Record<string, unknown>;

export const WITHOUT_CAMERA = ['flag', 'supervised', 'on_site'] as const;
/** The kinds of consent: photographs need theirs; comparing them with the registry's needs another. */
const SNAPSHOTS = 'snapshots';
const RECOGNITION = 'recognition';
/** As the server has them. */
const SNAPSHOTS_MAX = 60;
const DAYS_MAX = 3_660;

export interface ConsentForm {
  kind: string;
  version: string;
  text: string;
}

export interface ProctoringForm {
  snapshots: number | null;
  without_camera: string;
  place: string;
  keep_days: number | null;
  appeal_days: number | null;
}

const text = (value: unknown) => (typeof value === 'string' ? value : '');
const number = (value: unknown) => (typeof value === 'number' ? value : null);
const object = (value: unknown) => (typeof value === 'object' && value !== null ? (value as Json) : {});

export const consentsOf = (value: unknown): ConsentForm[] =>
  (Array.isArray(value) ? value : []).map(object).map(({ kind, version, text: words }) => ({ kind: text(kind), version: text(version), text: text(words) }));

export function proctoringOf(value: unknown): ProctoringForm | null {
  if (typeof value !== 'object' || value === null) return null;
  const said = value as Json;
  return {
    snapshots: number(said['snapshots']),
    without_camera: text(said['without_camera']),
    place: text(said['place']),
    keep_days: number(said['keep_days']),
    appeal_days: number(said['appeal_days']),
  };
}

const find = (consents: readonly ConsentForm[], wanted: string) => consents.find(({ kind }) => kind === wanted);
export const consentOf = (consents: readonly ConsentForm[]): ConsentForm | undefined => find(consents, SNAPSHOTS);
export const recognitionOf = (consents: readonly ConsentForm[]): ConsentForm | undefined => find(consents, RECOGNITION);

type Watching = { proctoring: ProctoringForm | null; consents: ConsentForm[] };

/** A consent is asked for, with nothing stated yet, or is not any more. */
function asks(form: Watching, wanted: string, is: boolean): void {
  if (is === (find(form.consents, wanted) !== undefined)) return;
  const others = form.consents.filter(({ kind }) => kind !== wanted);
  form.consents = is ? [...others, { kind: wanted, version: '', text: '' }] : others;
}

/** Photographs begin to be asked for, or do not any more; their consent comes and goes with them. */
export function watched(form: Watching, is: boolean): void {
  form.proctoring = is ? proctoringOf({}) : null;
  asks(form, SNAPSHOTS, is);
  if (!is) compared(form, false);
}

/** It begins to be asked whether photographs may be compared with the registry's, or is not any more. */
export const compared = (form: Watching, is: boolean): void => asks(form, RECOGNITION, is);

export type Problem = 'snapshots_range' | 'snapshots_fast' | 'place_missing' | 'keep_days' | 'appeal_days';

/** What the server would refuse of what is stated; what is missing is told when it is checked. */
export function problems(form: ProctoringForm, minutes: readonly (number | null)[]): Problem[] {
  const found: Problem[] = [];
  const { snapshots } = form;
  const shortest = shortestOf(minutes);
  if (snapshots !== null && (snapshots < 1 || snapshots > SNAPSHOTS_MAX)) found.push('snapshots_range');
  else if (snapshots !== null && shortest !== null && snapshots > shortest) found.push('snapshots_fast');
  if (form.without_camera === 'on_site' && form.place.trim() === '') found.push('place_missing');
  for (const name of ['keep_days', 'appeal_days'] as const) {
    const days = form[name];
    if (days !== null && (days < 1 || days > DAYS_MAX)) found.push(name);
  }
  return found;
}

/** The shortest time that a paper allows; null where none is stated. */
export function shortestOf(minutes: readonly (number | null)[]): number | null {
  const stated = minutes.filter((one): one is number => one !== null);
  return stated.length === 0 ? null : Math.min(...stated);
}
