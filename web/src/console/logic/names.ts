import { coded, t } from '../texts';

/** A path into a definition or a record in words: 第 1 行 › 第 2 段 › 题数. */
export function pathName(path: string): string {
  const parts = path.split('.');
  const words: string[] = [];
  for (let index = 0; index < parts.length; index++) {
    const [part, next] = [parts[index]!, parts[index + 1]];
    const isNumbered = next !== undefined && /^\d+$/.test(next);
    if (part === 'blueprint' && parts.length > index + 1) continue;
    if (part === 'audience' && isNumbered) words.push(t('place.row', { number: Number(next) + 1 }));
    else if (part === 'sections' && isNumbered) words.push(t('place.section', { number: Number(next) + 1 }));
    else {
      words.push(/^\d+$/.test(part) ? String(Number(part) + 1) : coded('field', part, 'field.other', { field: part }));
      continue;
    }
    index++;
  }
  return words.join(' › ');
}
