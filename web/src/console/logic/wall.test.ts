import { expect, test } from 'vitest';
import type { Tile, WallView } from '../api/types';
import { arrowed, counted, inPlace, isWanted, masked, merged, worstFirst } from './wall';

const tile = (id: string, more: Partial<Tile> = {}): Tile => ({
  attempt_id: id,
  candidate_id: id,
  candidate: `考生${id}`,
  institution: '医院',
  phase: 'running',
  started_at_ms: 0,
  deadline_ms: 1,
  slots: 50,
  answered: 0,
  severity: null,
  flags: [],
  due: 0,
  taken: 0,
  newest: null,
  newest_at_ms: null,
  watched: true,
  ...more,
});
const view = (tiles: Tile[], more: Partial<WallView> = {}): WallView => ({ version: 'a.1', whole: false, tiles, gone: [], more: false, now_ms: 0, ...more });

test('what has changed is put into what was there, and what did not change stays the same object', () => {
  const first = merged(null, view([tile('1'), tile('2'), tile('3')], { whole: true }));
  const next = merged(first, view([tile('2', { answered: 4 })], { version: 'a.2', gone: ['3'] }));
  expect([...next.tiles.keys()]).toEqual(['1', '2']);
  expect(next.tiles.get('1')).toBe(first.tiles.get('1'));
  expect(next.tiles.get('2')!.answered).toBe(4);
  expect(merged(next, view([], { version: 'a.3' })).tiles).toBe(next.tiles);
  expect([...merged(next, view([tile('9')], { whole: true })).tiles.keys()]).toEqual(['9']);
});

test('the gravest stand first, and of one gravity the names are in order', () => {
  const all = [tile('1', { candidate: '周' }), tile('2', { candidate: '何' }), tile('3', { severity: 'look' }), tile('4', { severity: 'first' }), tile('5', { severity: 'note' })];
  const { tiles } = merged(null, view(all, { whole: true }));
  expect(worstFirst(tiles)).toEqual(['4', '3', '5', '2', '1']);
});

test('under a pointer every tile keeps its place, and what is new stands behind', () => {
  const { tiles } = merged(null, view([tile('1'), tile('2', { severity: 'first' }), tile('8')], { whole: true }));
  expect(inPlace(['1', '7', '2'], tiles)).toEqual(['1', '7', '2', '8']);
});

test('a name is masked behind its first character', () => {
  expect(['张三', '张三丰', '欧阳修文', '李', ''].map(masked)).toEqual(['张*', '张**', '欧**', '李*', '*']);
});

test('counts tell who sits, who is to be looked at, and whose photographs are missing', () => {
  const tiles = [tile('1', { severity: 'look', due: 3, taken: 2 }), tile('2', { severity: 'note', phase: 'paused' }), tile('3', { phase: 'closed', severity: 'first' }), tile('4', { watched: false, due: 2 })];
  expect(counted(tiles)).toEqual({ running: 3, flagged: 2, missing: 1 });
  expect(tiles.filter((one) => isWanted(one, '', true)).map((one) => one.attempt_id)).toEqual(['1', '3']);
  expect(tiles.filter((one) => isWanted(one, '生2', false)).map((one) => one.attempt_id)).toEqual(['2']);
});

test('arrows lead over rows and stay at the edges', () => {
  expect(['ArrowRight', 'ArrowDown', 'ArrowLeft', 'ArrowUp', 'Home', 'End'].map((key) => arrowed(key, 1, 3, 8))).toEqual([2, 4, 0, 1, 0, 7]);
  expect(arrowed('ArrowDown', 6, 3, 8)).toBe(6);
});

test('a change to one of 500 tiles is put together and ordered within a frame', () => {
  const many = Array.from({ length: 500 }, (_, at) => tile(String(at), { severity: at % 9 === 0 ? 'look' : null }));
  let wall = merged(null, view(many, { whole: true }));
  const began = performance.now();
  for (let round = 0; round < 20; round++) {
    wall = merged(wall, view([tile(String(round * 7), { answered: round, severity: 'first' })]));
    worstFirst(wall.tiles);
  }
  const each = (performance.now() - began) / 20;
  console.log(`a change among 500 tiles: ${each.toFixed(2)} ms`);
  expect(each).toBeLessThan(16);
});
