import { expect, test } from 'vitest';
import { definitionOf, formOf, newExam, newSection, standing, stockAt, stockOf, topicsOf, worth } from './definition';

const DEFINITION = {
  title: '公共知识测评',
  kind: 'public_knowledge',
  cycle: '第六周期',
  banks: ['题库'],
  notice: { version: '1', text: '须知' },
  consents: [{ kind: 'snapshots', version: '1', text: '…' }],
  opens_at: '2026-11-01T08:00:00+08:00',
  closes_at: '2026-12-01T00:00:00+08:00',
  late_start: 'full_time',
  attempts: { allowed: 'unlimited', gap_minutes: 0, stop_at_first_pass: false, keep: 'best' },
  shows: 'points',
  leaving: 'warn',
  outage_credit: { enabled: false },
  audience: [
    {
      categories: ['临床'],
      blueprint: {
        time_allowed_minutes: 60,
        pass_points: 60,
        shuffle_options: false,
        sections: [
          { title: '单选', type: 'single', topics: ['公共知识'], difficulties: ['easy'], count: 40, points: 2 },
          { title: '多选', type: 'multiple', topics: ['公共知识'], difficulties: ['hard'], count: 10, points: 2.5, rule: 'all_or_nothing' },
        ],
      },
    },
  ],
};

const cell = (item_type: string, topic: string, difficulty: string, items: number, pool = 'exam') => ({ item_type, topic, difficulty, items, pool });
const CELLS = [
  cell('single', '公共知识/法律法规', 'easy', 12),
  cell('single', '公共知识/法律法规', 'hard', 3),
  cell('single', '公共知识/法律法规', 'easy', 99, 'practice'),
  cell('single', '公共知识学', 'easy', 7),
];

test('a definition comes back from its form as it was, with what has no field', () => {
  expect(definitionOf(formOf(DEFINITION))).toEqual(DEFINITION);
});

test('times are those of China, whatever zone they were written in', () => {
  const form = formOf({ ...DEFINITION, opens_at: '2026-11-01T00:00:00Z' });
  expect(form.opens_at).toBe('2026-11-01T08:00');
  expect(definitionOf(form)['opens_at']).toBe('2026-11-01T08:00:00+08:00');
});

test('what nobody stated is left out, so that publishing asks for it', () => {
  const definition = definitionOf(newExam());
  expect(Object.keys(definition).sort()).toEqual(['attempts', 'audience']);
  expect(definition['attempts']).toEqual({ gap_minutes: 0 });
});

test('a rule is said only where several options may be right', () => {
  const form = formOf(DEFINITION);
  form.rows[0]!.sections[1]!.type = 'single';
  const [row] = definitionOf(form)['audience'] as typeof DEFINITION.audience;
  expect(row!.blueprint.sections[1]).not.toHaveProperty('rule');
});

test('a paper is worth the points of its sections, exactly', () => {
  expect(worth(formOf(DEFINITION).rows[0]!)).toEqual({ items: 50, points: 105 });
});

test('stock counts the exam pool, and a topic stands for everything below it', () => {
  const section = { ...newSection(), topics: ['公共知识'], difficulties: ['easy', 'hard'] };
  expect(stockAt(section, 'easy', CELLS)).toBe(12);
  expect(stockOf(section, CELLS)).toBe(15);
  expect([standing(0, 15), standing(16, 15), standing(6, 15), standing(5, 15)]).toEqual(['unset', 'short', 'tight', 'ample']);
  expect(topicsOf(CELLS)).toContain('公共知识');
});
