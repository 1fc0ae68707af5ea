import { expect, test } from 'vitest';
import { differences, shown } from './differences';

test('only what is different is named, with where it stands', () => {
  const before = { title: 'a', rows: [{ minutes: 60, topics: ['x'] }], gone: 1 };
  const after = { title: 'a', rows: [{ minutes: 90, topics: ['x', 'y'] }], come: null };
  expect(differences(before, after)).toEqual([
    { path: 'rows.0.minutes', before: 60, after: 90 },
    { path: 'rows.0.topics', before: ['x'], after: ['x', 'y'] },
    { path: 'gone', before: 1, after: undefined },
    { path: 'come', before: undefined, after: null },
  ]);
  expect(differences(before, before)).toEqual([]);
});

test('values are shown as people read them', () => {
  expect([shown(undefined), shown(['a', 'b']), shown(false), shown({ a: 1 })]).toEqual(['', 'a、b', 'false', '{"a":1}']);
});
