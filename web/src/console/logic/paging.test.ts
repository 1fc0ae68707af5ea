import { expect, test } from 'vitest';
import { meant, pageOf, pagesOf, rowsBefore, written } from './paging';

test('an address says which page it is, and what is no page is the first', () => {
  expect(['2', '40', '', '0', '-1', '1.5', 'x', '12345678'].map(pageOf)).toEqual([2, 40, 1, 1, 1, 1, 1, 1]);
  expect([1, 2, 40].map(written)).toEqual(['', '2', '40']);
});

test('a page begins behind those before it', () => {
  expect([1, 3].map((page) => rowsBefore(page, 50))).toEqual([0, 100]);
});

test('the last page may be short, and an empty list has one', () => {
  expect([0, 1, 50, 51].map((total) => pagesOf(total, 50))).toEqual([1, 1, 1, 2]);
});

test('a number that is typed leads to a page that there is', () => {
  expect(['3', ' 3 ', '３', '0', '99'].map((typed) => meant(typed, 7))).toEqual([3, 3, 3, 1, 7]);
  expect(['', 'x', '-2', '2.5'].map((typed) => meant(typed, 7))).toEqual([undefined, undefined, undefined, undefined]);
});
