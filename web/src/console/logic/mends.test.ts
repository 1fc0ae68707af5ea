import { expect, test } from 'vitest';
import { canMend, fit, withMend, written, type Mend } from './mends';
import type { FileProblem } from './problems';

const mend = (row: number, was: string, text: string, sheet: string | null = '单选题'): Mend => ({ sheet, row, column: 7, was, text });
const problem = (cell: string | null, column: number | null = 7): FileProblem => ({
  severity: 'error', file: 'a.xlsx', sheet: '单选题', row: 3, column, cell, item: null, code: 'key_outside', message: '', english: '',
});

test('a cell of a table can be mended, even an empty one, but no line of a text', () => {
  expect([problem('E'), problem(''), problem(null), problem('E', null)].map(canMend)).toEqual([true, true, false, false]);
});

test('a cell that is shown cut off is left to the file', () => {
  expect(canMend(problem('字'.repeat(2_000)))).toBe(false);
});

test('a second correction of a cell replaces the first and remembers the file', () => {
  const once = withMend([], mend(3, 'E', 'D'));
  expect(withMend(once, mend(3, 'D', 'B'))).toEqual([mend(3, 'E', 'B')]);
  expect(withMend(once, mend(3, 'X', 'B', '多选题'))).toHaveLength(2);
});

test('a cell that says again what the file says is no correction', () => {
  expect(withMend(withMend([], mend(3, 'E', 'D')), mend(3, 'D', 'E'))).toEqual([]);
  expect(withMend([], mend(3, 'E', 'E'))).toEqual([]);
});

test('only what the server reads is sent, and nothing where there is nothing', () => {
  expect(written([mend(3, 'E', 'B')])).toBe('[{"sheet":"单选题","row":3,"column":7,"text":"B"}]');
  expect(written([])).toBe('');
});

test('more than the address holds is not sent', () => {
  const many = (count: number, text: string) => Array.from({ length: count }, (_, row) => mend(row, '', text));
  expect([fit(many(300, 'B')), fit(many(501, 'B')), fit(many(300, '很长的一句话'.repeat(5)))]).toEqual([true, false, false]);
});
