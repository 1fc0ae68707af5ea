import { coded, t } from '../texts';
import { shown } from './differences';

/**
 * A path into a definition or a record in words: 人群 1 › 部分 2 › 题数. Places in a list are counted
 * from 0 in it, as `list.0` or as `list[0]`.
 */
export function pathName(path: string): string {
  const parts = path.replace(/\[(\d+)\]/g, '.$1').split('.');
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

/** What a photograph shows, in words; nothing is known before the machine has looked. */
export function foundName(findings: readonly string[] | null | undefined): string {
  if (!findings) return t('watch.unseen');
  return findings.map((code) => coded('incident', code, 'incident.other')).join('、') || t('watch.nothing');
}

/** Fields whose values are words of their own, by the beginning of the texts' keys. */
const WORDS: Record<string, string> = {
  shows: 'shows',
  keep: 'keep',
  late_start: 'late_start',
  review: 'review',
  leaving: 'leaving',
  without_camera: 'without_camera',
  rule: 'rule',
  kind: 'kind',
  type: 'type',
  difficulties: 'difficulty',
  roles: 'role',
};

/** A value at a path in words: 仅结论 for `verdict`. */
export function valueName(path: string, value: unknown): string {
  const field = path.split('.').pop()!;
  const prefix = WORDS[field];
  const name = (one: unknown): string => {
    if (field === 'allowed' && one === 'unlimited') return t('exam.unlimited');
    if (typeof one === 'boolean') return t(one ? 'diff.yes' : 'diff.no');
    return prefix && typeof one === 'string' ? coded(prefix, one, 'type.other') : shown(one);
  };
  return Array.isArray(value) && value.every((one) => typeof one !== 'object') ? value.map(name).join('、') : name(value);
}
