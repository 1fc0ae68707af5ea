import { expect, test } from 'vitest';
import { REVIEW_STATES } from '../api/types';
import { en } from '../texts/en';
import { zhCN } from '../texts/zh-CN';
import { firstLook, grouped, nearest, SEEN_FROM, severityOfFinding } from './incidents';
import { ACTS } from './review';

const both = (key: string) => [key in zhCN, key in en];

test('every code has words in both languages, and what it is seen from', () => {
  for (const [code, seen] of Object.entries(SEEN_FROM)) expect([code, ...both(`incident.${code}`), ...both(`seen.${seen}`)]).toEqual([code, true, true, true, true]);
});

test('every step and state of a review has words', () => {
  for (const act of ACTS) expect([act, ...both(`decide.${act}`), ...both(`decide.effect_${act}`)]).toEqual([act, true, true, true, true]);
  for (const state of REVIEW_STATES) expect([state, ...both(`review_state.${state}`)]).toEqual([state, true, true]);
});

test('findings are as grave as the server has them', () => {
  expect(['several_faces', 'no_face', 'dark'].map(severityOfFinding)).toEqual(['first', 'look', 'note']);
});

test('an incident leads to the photograph of its time', () => {
  const shots = [1, 2, 3].map((place) => ({ place, asked_at_ms: place * 1000 }));
  expect([nearest(shots, 2000)?.place, nearest(shots, 2600)?.place, nearest([], 1)]).toEqual([2, 3, undefined]);
  const snapshots = shots as Parameters<typeof firstLook>[0]['snapshots'];
  const incident = (severity: 'look' | 'first', at_ms: number) => ({ code: 'away', severity, at_ms });
  expect(firstLook({ snapshots, incidents: [incident('look', 1000), incident('first', 3000)] })).toBe(3);
  expect([firstLook({ snapshots, incidents: [] }), firstLook({ snapshots: [], incidents: [] })]).toEqual([1, 0]);
});

test('incidents of one kind stand together, as grave as the gravest of them', () => {
  const incident = (code: string, severity: 'note' | 'look' | 'first', at_ms: number) => ({ code, severity, at_ms });
  const rows = grouped([incident('dark', 'note', 1), incident('no_face', 'first', 9), incident('no_face', 'look', 4)]);
  expect(rows.map(({ code, severity, incidents }) => [code, severity, incidents.map(({ at_ms }) => at_ms)])).toEqual([['no_face', 'first', [4, 9]], ['dark', 'note', [1]]]);
});
