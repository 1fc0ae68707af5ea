import { expect, test } from 'vitest';
import { textDiff } from './text_diff';

const marked = (parts: { text: string; same: boolean }[]) => parts.map(({ text, same }) => (same ? text : `[${text}]`)).join('');
const shown = (a: string, b: string) => {
  const { first, second } = textDiff(a, b);
  return [marked(first), marked(second)];
};

test('what both say is told from what only one says', () => {
  expect(shown('高血压的诊断标准是', '高血压病的诊断标准为')).toEqual(['高血压的诊断标准[是]', '高血压[病]的诊断标准[为]']);
  expect(shown('不少于30次', '不少于300次')).toEqual(['不少于30次', '不少于30[0]次']);
});

test('equal texts have no difference, and an empty one is all of it', () => {
  expect(shown('甲', '甲')).toEqual(['甲', '甲']);
  expect(shown('', '乙')).toEqual(['', '[乙]']);
});

test('characters outside the basic plane stay whole', () => {
  expect(shown('𠮷a', '𠮶a')).toEqual(['[𠮷]a', '[𠮶]a']);
});

test('texts too long to compare are shown as different between what they share at both ends', () => {
  const [first] = shown(`甲${'a'.repeat(3_000)}乙`, `甲${'b'.repeat(3_000)}乙`);
  expect(first).toBe(`甲[${'a'.repeat(3_000)}]乙`);
});
