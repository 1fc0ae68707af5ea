import { expect, test } from 'vitest';
import { caseOf, fileOf, itemsOf, newItem, newOption, newUnit, toggled } from './unit';

test('an item of a B1 group has the options of its group', () => {
  const unit = newUnit('B1');
  unit.items!.push(newItem(unit));
  expect(itemsOf(unit).map(({ options }) => options.length)).toEqual([4, 4]);
  expect(caseOf({ ...newUnit('A3'), stem: '病例' })).toBe('病例');
  expect(caseOf({ ...newUnit('A1'), stem: '题干' })).toBe('');
});

test('one option is right at a time, or as many as are chosen', () => {
  expect(toggled(['A'], 'B', false)).toEqual(['B']);
  expect(toggled(['B'], 'A', true)).toEqual(['A', 'B']);
  expect(toggled(['A', 'B'], 'A', true)).toEqual(['B']);
});

test('a new option takes the first letter that is free', () => {
  expect(newOption([{ id: 'A', text: '' }, { id: 'C', text: '' }]).id).toBe('B');
});

test('the file of a unit names its items and leaves out what is empty', () => {
  const unit = { ...newUnit('A3'), code: 'C-1', topic: '临床', stem: '病例', tags: [] };
  const { format, units } = JSON.parse(fileOf(unit, {}));
  expect(format).toBe('exam-bank/1');
  expect(units[0].items[0].code).toBe('C-1-1');
  expect(units[0]).not.toHaveProperty('tags');
});
