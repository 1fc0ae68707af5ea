import { expect, test } from 'vitest';
import { bars } from './spread';

test('the bars hold everything, are highest at the mean, and begin at the least', () => {
  const found = bars({ mean: 30, deviation: 2, least: 24, most: 36 });
  expect(found).toHaveLength(12);
  expect(found.reduce((sum, bar) => sum + bar.share, 0)).toBeCloseTo(1);
  expect(found[0]!.from).toBe(24);
  const highest = found.reduce((best, bar) => (bar.share > best.share ? bar : best));
  expect(Math.abs(highest.from - 30)).toBeLessThanOrEqual(1);
});

test('papers that are all alike are one bar', () => {
  expect(bars({ mean: 30, deviation: 0, least: 30, most: 30 })).toEqual([{ from: 30, share: 1 }]);
});
