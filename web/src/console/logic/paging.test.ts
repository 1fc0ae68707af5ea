import { expect, test } from 'vitest';
import { back, FIRST, forward, pageOf, read, rowsBefore, startOf, written } from './paging';

test('going forward and back leads through the same pages', () => {
  const second = forward(FIRST, 50);
  const third = forward(second, 120);
  expect([pageOf(third), startOf(third), rowsBefore(third, 50)]).toEqual([3, '120', 100]);
  expect(back(third)).toEqual(second);
  expect(back(FIRST)).toEqual(FIRST);
  expect(startOf(FIRST)).toBeUndefined();
});

test('behind the last page there is none', () => {
  expect(forward(FIRST, null)).toBe(FIRST);
});

test('an address says which page it is, and what is no page is left out', () => {
  const third = forward(forward(FIRST, 50), 120);
  expect(read(written(third))).toEqual(third);
  expect(read('50.x.-1.7')).toEqual(['', '50', '7']);
  expect(read(undefined)).toEqual(FIRST);
});
