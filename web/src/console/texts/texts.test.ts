import { expect, test } from 'vitest';
import { en } from './en';
import { zhCN, type TextKey } from './zh-CN';

const KEYS = Object.keys(zhCN) as TextKey[];
const places = (text: string) => [...new Set(text.match(/\{\w+\}/g) ?? [])].sort();

/** Values of the registry's own fields, which have no English form. */
const REGISTRY: readonly string[] = ['choices.categories', 'choices.levels'];

test('both languages have the same places', () => {
  for (const key of KEYS) expect(places(en[key]), key).toEqual(places(zhCN[key]));
});

test('the English is English', () => {
  for (const key of KEYS) if (!REGISTRY.includes(key)) expect(/\p{Script=Han}/u.test(en[key]), key).toBe(false);
});
