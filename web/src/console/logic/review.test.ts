import { expect, test } from 'vitest';
import type { ReviewState, Step } from '../api/types';
import { ACTS, hindrance, offered } from './review';

/** A review by its steps: who did what. */
function review(state: ReviewState, ...taken: [string | null, string][]) {
  const steps = taken.map(([staff, act], at): Step => ({ step: at + 1, at_ms: at, staff, login: staff, act, reason: 'r' }));
  return { state, steps };
}
const may = (name: string, of: ReturnType<typeof review>) => ACTS.filter((act) => hindrance(act, of, name) === null);
const VERDICTS = ['normal', 'suspicious', 'violation'];

test('who looks first may judge or propose, and a verdict may be changed', () => {
  expect(may('甲', review('waiting'))).toEqual([...VERDICTS, 'propose_void']);
  expect(may('甲', review('violation', ['甲', 'violation']))).toEqual([...VERDICTS, 'propose_void']);
});

test('a void takes another person, and who proposed it may take it back', () => {
  const proposed = review('void_proposed', ['甲', 'propose_void']);
  expect(may('甲', proposed)).toEqual(['decline_void']);
  expect(hindrance('confirm_void', proposed, '甲')).toBe('same_person');
  expect(may('乙', proposed)).toEqual(['confirm_void', 'decline_void']);
  expect(may('甲', review('waiting', ['甲', 'propose_void'], ['乙', 'decline_void']))).toEqual([...VERDICTS, 'propose_void']);
});

test('what is void stays so, and an objection is decided by somebody who had no part', () => {
  const voided: [string | null, string][] = [['甲', 'propose_void'], ['乙', 'confirm_void']];
  expect(may('丙', review('void', ...voided))).toEqual([]);
  const appealed = review('appealed', ...voided, [null, 'appeal']);
  expect([may('甲', appealed), may('乙', appealed), may('丙', appealed)]).toEqual([[], [], ['uphold_appeal', 'dismiss_appeal']]);
  expect(hindrance('uphold_appeal', appealed, '乙')).toBe('same_person');
});

test('after an objection nothing is judged anew', () => {
  const upheld = review('normal', ['甲', 'violation'], [null, 'appeal'], ['丙', 'uphold_appeal']);
  expect(ACTS.map((act) => hindrance(act, upheld, '丁')).every((why) => why === 'out_of_order')).toBe(true);
});

test('only steps that make sense are offered', () => {
  expect(offered(review('waiting'))).toEqual([...VERDICTS, 'propose_void']);
  expect(offered(review('void_proposed'))).toEqual(['confirm_void', 'decline_void']);
  expect(offered(review('appealed'))).toEqual(['uphold_appeal', 'dismiss_appeal']);
});
