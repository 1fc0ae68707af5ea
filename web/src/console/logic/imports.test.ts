import { expect, test } from 'vitest';
import { standingOf } from './imports';

test('an import that later ones replaced does not wait for anybody', () => {
  expect(standingOf({ state: 'draft', waiting: 3 })).toBe('draft');
  expect(standingOf({ state: 'draft', waiting: 0 })).toBe('superseded');
  expect(standingOf({ state: 'approved', waiting: 0 })).toBe('approved');
});
