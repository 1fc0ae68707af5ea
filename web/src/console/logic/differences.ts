/** What two values of JSON have different, by path. */

import { flat } from './lists';

export interface Difference {
  /** Names with dots between them: `blueprint.pass_points`. */
  path: string;
  /** Undefined where there was nothing. */
  before: unknown;
  after: unknown;
}

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

export function differences(before: unknown, after: unknown, path = ''): Difference[] {
  if (isObject(before) && isObject(after) && Array.isArray(before) === Array.isArray(after) && !areWords(before, after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    return flat(names.map((name) => differences(before[name], after[name], path === '' ? name : `${path}.${name}`)));
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [{ path, before, after }];
}

/** Lists of words are read as one. */
function areWords(a: object, b: object): boolean {
  const words = (list: object) => Array.isArray(list) && list.every((one) => !isObject(one));
  return words(a) && words(b);
}

/** A value in words: lists with commas, nothing for nothing. */
export function shown(value: unknown): string {
  if (value === undefined || value === null) return '';
  if (Array.isArray(value) && value.every((one) => !isObject(one))) return value.join('、');
  return isObject(value) ? JSON.stringify(value) : String(value);
}
