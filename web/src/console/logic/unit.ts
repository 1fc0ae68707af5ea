/** A unit of a bank (an item, or a group of items) in the loss-free format. */
import { fromPairs } from './lists';
import { mediaOf, type Media, type Pictures } from './pictures';

export interface Option {
  id: string;
  text: string;
}

export interface Item {
  code?: string;
  stem: string;
  options?: Option[];
  key: string[];
  explanation?: string;
  media?: Media[];
}

export interface Unit {
  code: string;
  type: string;
  topic: string;
  difficulty?: string;
  tags?: string[];
  categories?: string[];
  practice_scopes?: string[];
  pool?: string;
  /** Of a single item, or the case of a group. */
  stem?: string;
  options?: Option[];
  key?: string[];
  explanation?: string;
  /** Of a single item, or of the case of a group. */
  media?: Media[];
  items?: Item[];
  [other: string]: unknown;
}

export const GROUPS: readonly string[] = ['A3', 'A4', 'B1'];

/** The items of a unit, each as the phone shows it: with the options of its group. */
export function itemsOf(unit: Unit): { item: Item; options: Option[]; many: boolean }[] {
  const many = unit.type === 'X' || unit.type === 'multiple';
  const items = unit.items ?? [{ code: unit.code, stem: unit.stem ?? '', key: unit.key ?? [], explanation: unit.explanation ?? '', media: unit.media ?? [] }];
  return items.map((item) => ({ item, options: item.options ?? unit.options ?? [], many }));
}

/** What stands above all items of a group. */
export function caseOf(unit: Unit): string {
  return unit.items ? (unit.stem ?? '') : '';
}

export const letter = (index: number): string => String.fromCharCode(65 + index);

export function newOption(options: readonly Option[]): Option {
  const taken = new Set(options.map(({ id }) => id));
  let index = 0;
  while (taken.has(letter(index))) index++;
  return { id: letter(index), text: '' };
}

export function newUnit(type: string): Unit {
  const options = () => ['A', 'B', 'C', 'D'].map((id) => ({ id, text: '' }));
  const base: Unit = { code: '', type, topic: '', difficulty: 'unset', pool: 'exam' };
  if (type === 'A3' || type === 'A4') return { ...base, stem: '', items: [{ stem: '', options: options(), key: [], explanation: '' }] };
  if (type === 'B1') return { ...base, options: options(), items: [{ stem: '', key: [], explanation: '' }] };
  return { ...base, stem: '', options: options(), key: [], explanation: '' };
}

/** Another item of the group. */
export function newItem(unit: Unit): Item {
  return unit.type === 'B1'
    ? { stem: '', key: [], explanation: '' }
    : { stem: '', options: ['A', 'B', 'C', 'D'].map((id) => ({ id, text: '' })), key: [], explanation: '' };
}

/** Puts an option in or out of the key; where one is right, it takes the other's place. */
export function toggled(key: readonly string[], id: string, many: boolean): string[] {
  if (!many) return [id];
  return key.includes(id) ? key.filter((one) => one !== id) : [...key, id].sort();
}

/** The file that an import takes: one unit, its items coded after it, with the pictures that it shows. */
export function fileOf(unit: Unit, pictures: Pictures): string {
  const items = unit.items?.map((item, index) => ({ ...item, code: item.code || `${unit.code}-${index + 1}` }));
  const whole: Unit = { ...unit, ...(items ? { items } : {}) };
  for (const [name, value] of Object.entries(whole)) {
    if (value === '' || (Array.isArray(value) && value.length === 0)) delete whole[name];
  }
  const shown = fromPairs(mediaOf(unit).map(({ picture }) => [picture, pictures[picture] ?? ''] as const));
  const files = Object.keys(shown).length > 0 ? { pictures: shown } : {};
  return JSON.stringify({ format: 'exam-bank/1', units: [whole], ...files });
}
