import { expect, test } from 'vitest';
import { pathName, valueName } from './names';

test('a path into a definition is said in words', () => {
  expect(pathName('audience.0.blueprint.sections.1.count')).toBe('人群 1 › 部分 2 › 题数');
  expect(pathName('audience[1].blueprint.sections[0]')).toBe('人群 2 › 部分 1');
  expect(['title', 'consents[1].text', 'audience[0].blueprint'].map(pathName)).toEqual(['名称', '同意书 › 2 › 内容', '人群 1 › 组卷']);
});

test('values that are words of their own are said, and others stay', () => {
  expect([valueName('shows', 'verdict'), valueName('attempts.allowed', 'unlimited'), valueName('attempts.allowed', 3)]).toEqual(['仅结论', '不限次数', '3']);
  expect(valueName('audience.0.blueprint.sections.0.difficulties', ['easy', 'hard'])).toBe('易、难');
  expect([valueName('attempts.stop_at_first_pass', false), valueName('title', 'points'), valueName('rest', undefined)]).toEqual(['否', 'points', '']);
});
