import { expect, test } from 'vitest';
import { acked, chosen, DEVICE, happen, sitting } from './fixture';
import type { Attempt } from './model';
import { restored, writes, type Progress, type Write } from './records';
import { remainingMs, responses } from './view';

const CLOCK = { steady: 0, wall: 1_000 };

/** The records after some writes, as a browser would have them. */
function kept(...all: Write[][]): Map<string, unknown> {
  const records = new Map<string, unknown>();
  for (const { key, value } of ([] as Write[]).concat(...all)) {
    if (value === undefined) records.delete(key);
    else records.set(key, JSON.parse(JSON.stringify(value)));
  }
  return records;
}

const pendingOf = (records: Map<string, unknown>) =>
  [...records].filter(([key]) => key.startsWith('pending/')).map(([, value]) => value);

test('what was noticed outlives the page, with its number', () => {
  const first = sitting();
  const second = happen(first, chosen(1, 'b'), chosen(2, 'c'));
  const records = kept(writes(null, first, CLOCK), writes(first, second, CLOCK));
  const again = restored(records.get('progress/attempt') as Progress, pendingOf(records), DEVICE, CLOCK);
  expect(responses(again)).toEqual({ 1: ['b'], 2: ['c'] });
  expect(again.pending.map(({ n }) => n)).toEqual([1, 2]);
  expect(happen(again, chosen(3, 'a')).lastN).toBe(3);
});

test('a number whose message is durable is not given twice', () => {
  const first = happen(sitting(), chosen(1, 'b'), { type: 'sent', ns: [1], behindPing: 0 });
  const second = happen(first, acked(1));
  const records = kept(writes(null, first, CLOCK), writes(first, second, CLOCK));
  expect(pendingOf(records)).toEqual([]);
  const again = restored(records.get('progress/attempt') as Progress, [], DEVICE, CLOCK);
  expect(again.responses).toEqual({ 1: ['b'] });
  expect(again.lastN).toBe(1);
});

test('time goes on while the page is away, and a clock turned back gives none', () => {
  const records = kept(writes(null, sitting(), CLOCK));
  const progress = records.get('progress/attempt') as Progress;
  const later = restored(progress, [], DEVICE, { steady: 7, wall: 61_000 });
  expect(remainingMs(later, 7)).toBe(540_000);
  const earlier = restored(progress, [], DEVICE, { steady: 7, wall: 0 });
  expect(remainingMs(earlier, 7)).toBe(600_000);
});

test('only what changed is written', () => {
  const first = sitting();
  const second = happen(first, { type: 'linked', link: 'offline' });
  expect(writes(first, second, CLOCK)).toEqual([]);
});

test('a message that was read is not said again after a reload; one that was not, is', () => {
  const heard = happen(sitting(), { type: 'told', number: 1, text: 'x' });
  const read = happen(heard, { type: 'word_read', word: heard.words[0]! });
  const again = (attempt: Attempt) => {
    const records = kept(writes(null, sitting(), CLOCK), writes(sitting(), attempt, CLOCK));
    return happen(restored(records.get('progress/attempt') as Progress, [], DEVICE, CLOCK), { type: 'told', number: 1, text: 'x' });
  };
  expect(again(read).words).toEqual([]);
  expect(again(heard).words).toHaveLength(1);
});
