import { expect, test } from 'vitest';
import { cellName, columnLetters, grouped, type FileProblem } from './problems';

const problem = (code: string, severity: 'error' | 'warning', row: number): FileProblem => ({
  severity,
  code,
  row,
  file: 'a.xlsx',
  sheet: null,
  column: 2,
  cell: null,
  item: null,
  message: '', english: '',
});

test('errors come before warnings, the most frequent first, each in the order of the file', () => {
  const groups = grouped([
    problem('letters_pinned', 'warning', 1),
    problem('letters_pinned', 'warning', 2),
    problem('key_outside', 'error', 3),
    problem('text_missing', 'error', 4),
    problem('text_missing', 'error', 9),
  ]);
  expect(groups.map((group) => [group.code, group.problems.map(({ row }) => row)])).toEqual([
    ['text_missing', [4, 9]],
    ['key_outside', [3]],
    ['letters_pinned', [1, 2]],
  ]);
});

test('cells are named as spreadsheets name them', () => {
  expect([1, 26, 27, 52, 703].map(columnLetters)).toEqual(['A', 'Z', 'AA', 'AZ', 'AAA']);
  expect(cellName({ row: 2, column: 5 })).toBe('E2');
  expect(cellName({ row: 2, column: null })).toBe('2');
  expect(cellName({ row: null, column: null })).toBe('');
});
