import { expect, test } from 'vitest';
import { reasonOf } from './reasons';

test('what the server says against an exam is told apart', () => {
  expect(reasonOf('there is no bank "甲"')).toMatchObject({ key: 'bank_unknown', values: { bank: '甲' } });
  expect(reasonOf('bank "甲" has 3 drafts that nobody has approved or withdrawn').values).toEqual({ bank: '甲', drafts: '3' });
  expect(reasonOf('audience[0].blueprint.pass_points: a paper is worth 50 points only (unreachable)').values).toEqual({
    path: 'audience[0].blueprint.pass_points',
    message: 'a paper is worth 50 points only',
    code: 'unreachable',
  });
  const short = 'audience[1]: section "单选" needs 9 of single × 公共知识 × easy + hard and the bank has 4';
  expect(reasonOf(short).values).toEqual({ row: '1', section: '单选', need: '9', cell: 'single × 公共知识 × easy + hard', stock: '4' });
  expect(reasonOf('something new').key).toBe('');
});
