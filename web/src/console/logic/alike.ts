/** Two items beside each other, line by line, with what they have different. */
import { t } from '../texts';
import { textDiff, type Part } from './text_diff';
import { caseOf, itemsOf, type Unit } from './unit';

export interface Line {
  name: string;
  first: Part[];
  second: Part[];
  isSame: boolean;
}

interface Face {
  story: string;
  stem: string;
  options: string[];
  key: string;
  explanation: string;
}

/** The unit that an item belongs to, as a single one or in a group. */
export const unitOf = (units: readonly Unit[], code: string): Unit | undefined =>
  units.find((unit) => unit.code === code || unit.items?.some((item) => item.code === code));

function faceOf(unit: Unit, code: string): Face {
  const items = itemsOf(unit);
  const { item, options } = items.find((one) => one.item.code === code) ?? items[0]!;
  const letters = item.key.join('');
  return {
    story: caseOf(unit),
    stem: item.stem,
    options: options.map((option) => `${option.id}. ${option.text}`),
    key: letters,
    explanation: item.explanation ?? '',
  };
}

/** What is empty in both is left out. */
export function linesOf(first: { unit: Unit; code: string }, second: { unit: Unit; code: string }): Line[] {
  const [a, b] = [faceOf(first.unit, first.code), faceOf(second.unit, second.code)];
  const most = Math.max(a.options.length, b.options.length);
  const texts: [string, string, string][] = [
    [t('edit.case'), a.story, b.story],
    [t('unit.stem'), a.stem, b.stem],
    ...Array.from({ length: most }, (_, at): [string, string, string] => [t('similar.option', { place: at + 1 }), a.options[at] ?? '', b.options[at] ?? '']),
    [t('preview.key'), a.key, b.key],
    [t('unit.explanation'), a.explanation, b.explanation],
  ];
  return texts.filter(([, one, other]) => one !== '' || other !== '').map(([name, one, other]) => ({ name, ...textDiff(one, other), isSame: one === other }));
}
