import { describe, expect, test } from 'vitest';
import type { ExamView } from '../shared/api/types';
import { clock, network, screen } from './device_check';
import { windowLeft, wordsFor } from './exam_words';
import { rulesMet } from './password_rules';
import { countdown, duration, moment, points } from './texts/format';

function exam(more: Partial<ExamView>): ExamView {
  return {
    exam_id: 'e', title: 't', kind: 'public_knowledge', slots: 50, time_allowed_ms: 3_600_000, total_points: 10_000,
    pass_points: 6_000, opens_at_ms: 0, closes_at_ms: 1, button: 'enter', attempts_used: 0, ...more,
  };
}

describe('the one button', () => {
  test('only entering and going on lead anywhere', () => {
    const acting = ['resume', 'exempt', 'passed', 'blocked', 'not_open', 'closed', 'failed', 'enter'].filter(
      (button) => wordsFor(exam({ button })).acts,
    );
    expect(acting).toEqual(['resume', 'enter']);
  });

  test('after a pass that may be repeated the state says so, and the button offers it', () => {
    expect(wordsFor(exam({ attempts_used: 1, best_points: 6_000 }))).toMatchObject({ state: 'state.passed', button: 'button.again' });
    expect(wordsFor(exam({ attempts_used: 1, best_points: 5_900 }))).toMatchObject({ state: 'state.not_passed', button: 'button.enter' });
  });

  test('the days left are said when they are few', () => {
    const day = 86_400_000;
    expect(windowLeft(6 * day + 5, 0)).toEqual({ unit: 'days', count: 6 });
    expect(windowLeft(day / 2, 0)).toEqual({ unit: 'hours', count: 12 });
    expect(windowLeft(400 * day, 0)).toBeNull();
    expect(windowLeft(0, 1)).toBeNull();
  });
});

describe('the device check', () => {
  test('a slow network is amber, not red', () => {
    expect(network(80).verdict).toBe('green');
    expect(network(2_600)).toEqual({ verdict: 'amber', text: 'network_amber', values: { ms: 2_600 } });
  });

  test('a wrong clock stops nobody', () => {
    expect(clock(-86_400_000)).toMatchObject({ verdict: 'amber', values: { minutes: 1_440 } });
    expect(clock(30_000).verdict).toBe('green');
    expect(clock(null).verdict).toBe('amber');
  });

  test('a narrow screen is told what to do', () => {
    expect(screen(280, true).verdict).toBe('amber');
    expect(screen(360, false).text).toBe('screen_awake');
  });
});

test('the rules of a password are ticked one by one', () => {
  expect(rulesMet('abc', '')).toEqual({ length: false, letter: true, digit: false, same: false });
  expect(rulesMet('kaoshi2026', 'kaoshi2026')).toEqual({ length: true, letter: true, digit: true, same: true });
});

describe('formats', () => {
  test('moments are China’s, wherever the phone is', () => {
    expect(moment(Date.UTC(2026, 9, 28, 3, 48))).toBe('10月28日 11:48');
  });

  test('durations, points and the countdown', () => {
    expect(duration(52 * 60_000)).toBe('52 分钟');
    expect(duration(61_000)).toBe('1 分 1 秒');
    expect(points(6_050)).toBe('60.5');
    expect(countdown(3_600_000)).toBe('60:00');
    expect(countdown(3_601_000)).toBe('1:00:01');
    expect(countdown(59_001)).toBe('01:00');
  });
});
