import { expect, test } from 'vitest';
import type { Snapshot, TimelineEntry } from '../api/types';
import { binned, linesOf, phaseOf } from './timeline';

const signal = (at_ms: number, kind: Extract<TimelineEntry, { what: 'signal' }>['kind']): TimelineEntry => ({ at_ms, what: 'signal', kind });
const told = (timeline: TimelineEntry[], snapshots: Snapshot[] = []) => linesOf({ timeline, snapshots, staff: { s1: '王监考' } });

test('signals that belong together make one line with its length', () => {
  const lines = told([signal(1, 'hidden'), signal(2, 'blurred'), signal(9, 'shown'), signal(10, 'focused'), signal(20, 'offline'), signal(25, 'online'), signal(30, 'camera_lost')]);
  expect(lines.map(({ what, lengthMs }) => [what, lengthMs])).toEqual([['signal_away', 8], ['signal_offline', 5], ['signal_camera_gone', undefined]]);
});

test('a page that is opened is in front again, and a network that is gone is not back by that', () => {
  const lines = told([signal(1, 'hidden'), signal(2, 'offline'), { at_ms: 5, what: 'opened', other: true }]);
  expect(lines.map(({ what, lengthMs }) => [what, lengthMs])).toEqual([['signal_away', 4], ['signal_offline', undefined], ['opened_other', undefined]]);
});

test('acts of staff carry names and reasons, those of the server none', () => {
  const [paused, resumed] = told([{ at_ms: 1, what: 'paused', staff: 's1', reason: '停电' }, { at_ms: 2, what: 'resumed', staff: null }]);
  expect([paused!.who, paused!.reason, paused!.tone]).toEqual(['王监考', '停电', 'staff']);
  expect([resumed!.who, resumed!.tone]).toEqual([undefined, 'plain']);
});

test('what the same device opens again is said to be back', () => {
  const opened = (at_ms: number, other: boolean): TimelineEntry => ({ at_ms, what: 'opened', other });
  expect(told([opened(1, false), opened(2, false), opened(3, true), opened(4, false)]).map(({ what }) => what)).toEqual(['opened', 'opened_again', 'opened_other', 'opened_again']);
});

test('photographs stand where they were asked for, as beside the picture', () => {
  const lines = told([{ at_ms: 1, what: 'started' }, { at_ms: 9, what: 'closed', by: 'submit', staff: null, reason: '' }], [{ place: 1, asked_at_ms: 5 } as Snapshot]);
  expect(lines.map(({ what }) => what)).toEqual(['started', 'snapshot', 'closed']);
});

test('the story says where an attempt stands', () => {
  const act = (what: 'paused' | 'resumed' | 'locked' | 'unlocked' | 'voided' | 'reinstated' | 'closed'): TimelineEntry => ({ at_ms: 0, what, staff: null, reason: '', by: 'submit' }) as TimelineEntry;
  const stands = (...whats: Parameters<typeof act>[0][]) => phaseOf(whats.map(act));
  expect([stands(), stands('paused'), stands('paused', 'resumed'), stands('locked'), stands('locked', 'paused', 'unlocked')]).toEqual(['running', 'paused', 'running', 'locked', 'paused']);
  expect([stands('closed'), stands('closed', 'voided'), stands('closed', 'voided', 'reinstated')]).toEqual(['closed', 'voided', 'closed']);
});

test('a long attempt has bars of several minutes, and none is lost', () => {
  expect(binned([1, 0, 2], 10)).toEqual({ minutes: 1, bars: [1, 0, 2] });
  const { minutes, bars } = binned(Array.from({ length: 25 }, () => 1), 10);
  expect([minutes, bars.length, bars.reduce((sum, one) => sum + one, 0)]).toEqual([3, 9, 25]);
});
