import { expect, test } from 'vitest';
import { thresholdCrossed, tone } from './thresholds';

test('the countdown turns amber at five minutes and red at one', () => {
  expect(tone(300_001)).toBe('calm');
  expect(tone(300_000)).toBe('amber');
  expect(tone(60_000)).toBe('red');
});

test('it is said aloud when a threshold is crossed, and at no other time', () => {
  expect(thresholdCrossed(300_100, 299_900)).toBe(5);
  expect(thresholdCrossed(299_900, 299_000)).toBeNull();
  expect(thresholdCrossed(2_000_000, 30_000)).toBe(1);
});
