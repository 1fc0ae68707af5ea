import 'fake-indexeddb/auto';
import { describe, expect, test } from 'vitest';
import { charsOf, keepDraft, keptDraft } from './draft';
import { noted, type Incident } from './noted';
import { hasMore, objection, standing, toneOf, wasVoid, type OwnReview, type ReviewStep } from './own_review';
import { en } from './texts/en';
import { zhCN } from './texts/zh-CN';
import { until } from './until';

const step = (act: string): ReviewStep => ({ act, at_ms: 0, reason: 'r', step: 1, staff: null });

function review(more: Partial<OwnReview>): OwnReview {
  return { state: 'waiting', steps: [], incidents: [], snapshots: [], withdrawn: false, ...more };
}

describe('where a review stands', () => {
  test('an objection that was decided on says so, whatever stays', () => {
    expect(standing(review({ state: 'void' }))).toBe('void');
    expect(standing(review({ state: 'appealed' }))).toBe('appealed');
    expect(standing(review({ state: 'normal', upheld: true }))).toBe('upheld');
    expect(standing(review({ state: 'void', upheld: false }))).toBe('dismissed');
    expect(toneOf(review({ state: 'void', upheld: false }))).toBe('bad');
  });

  test('a state that is not known accuses nobody', () => {
    expect(standing(review({ state: 'something_new' }))).toBe('waiting');
  });

  test('it is offered for exams that are watched, and wherever somebody decided', () => {
    expect(hasMore(review({}))).toBe(false);
    expect(hasMore(review({ keep_days: null }))).toBe(false);
    expect(hasMore(review({ keep_days: 90 }))).toBe(true);
    expect(hasMore(review({ steps: [step('suspicious')] }))).toBe(true);
    expect(wasVoid(review({ steps: [step('confirm_void'), step('appeal')] }))).toBe(true);
  });

  test('the server’s time decides whether an objection comes too late', () => {
    expect(objection({ review: review({ appeal_until_ms: null }), nowMs: 5 })).toEqual({ is: 'none' });
    expect(objection({ review: review({ appeal_until_ms: 5 }), nowMs: 5 })).toEqual({ is: 'open', untilMs: 5 });
    expect(objection({ review: review({ appeal_until_ms: 5 }), nowMs: 6 })).toEqual({ is: 'over', untilMs: 5 });
  });

  test('the days left are said where they are few', () => {
    const day = 86_400_000;
    expect(until(6.5 * day, 0)).toBe('1月7日 20:00（还剩 6 天）');
    expect(until(40 * day, 0)).toBe('2月10日 08:00');
  });
});

describe('what a decision is about', () => {
  const incident = (code: string, at: number, more: Partial<Incident> = {}): Incident => ({ code, at_ms: at, severity: 'look', ...more });

  test('what came again is one line, with all its time', () => {
    const lines = noted([incident('away', 10, { length_ms: 20 }), incident('no_face', 15), incident('away', 40, { length_ms: 5 })]);
    expect(lines).toEqual([
      { code: 'away', times: 2, fromMs: 10, toMs: 40, lengthMs: 25 },
      { code: 'no_face', times: 1, fromMs: 15, toMs: 15, lengthMs: null },
    ]);
  });

  test('what the server has counted keeps its count', () => {
    expect(noted([incident('devices_often', 3, { times: 4 })])).toMatchObject([{ times: 4, fromMs: 3, toMs: 3 }]);
  });
});

describe('the draft of an objection', () => {
  test('is kept for its attempt until it is empty', async () => {
    await keepDraft('a', 'words');
    expect([await keptDraft('a'), await keptDraft('b')]).toEqual(['words', '']);
    expect(await keepDraft('a', '')).toBe('disk');
    expect(await keptDraft('a')).toBe('');
  });

  test('is counted as the server counts it', () => {
    expect(charsOf('  \n')).toBe(0);
    expect(charsOf(' 捡笔🙂 ')).toBe(3);
  });
});

test('both languages have the same texts with the same places', () => {
  expect(Object.keys(en)).toEqual(Object.keys(zhCN));
  const places = (text: string) => (text.match(/\{\w+\}/g) || []).sort();
  for (const key of Object.keys(zhCN) as (keyof typeof zhCN)[]) {
    expect(places(en[key]), key).toEqual(places(zhCN[key]));
    expect(/\p{Script=Han}/u.test(en[key]), key).toBe(false);
  }
});
