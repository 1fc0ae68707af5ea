/** An exam's definition (the exam file as JSON) as a form, and back. */
import { fromPairs } from './lists';
import { consentsOf, proctoringOf, type ConsentForm, type ProctoringForm } from './proctoring';
import { fieldTime, ofFieldTime } from '../texts/format';

export const TYPES = ['A1', 'A2', 'A3', 'A4', 'B1', 'X', 'single', 'multiple', 'judge'] as const;
export const DIFFICULTIES = ['easy', 'medium', 'hard', 'unset'] as const;
export const RULES = ['all_or_nothing', 'proportional', 'minus_wrong'] as const;

/** Types of which several options may be right: their sections name a rule. */
export const MANY: readonly string[] = ['X', 'multiple'];

export interface SectionForm {
  title: string;
  type: string;
  topics: string[];
  difficulties: string[];
  count: number | null;
  points: number | null;
  rule: string;
}

export interface RowForm {
  categories: string[];
  practice_scopes: string[];
  levels: string[];
  institutions: string[];
  minutes: number | null;
  pass_points: number | null;
  shuffle_items: boolean;
  shuffle_options: boolean;
  sections: SectionForm[];
}

export interface ExamForm {
  title: string;
  kind: string;
  cycle: string;
  banks: string[];
  notice_version: string;
  notice_text: string;
  /** In China's time, as fields for date and time hold it. */
  opens_at: string;
  closes_at: string;
  late_start: string;
  /** 0 stands for any number, null for nothing stated. */
  allowed: number | null;
  gap_minutes: number;
  stop_at_first_pass: boolean | null;
  keep: string;
  shows: string;
  review: string;
  leaving: string;
  starts_per_hour_max: number | null;
  exposure_cap: number | null;
  outage_enabled: boolean;
  outage_cap_minutes: number | null;
  requires_passed: string[];
  /** Null where no photographs are taken. */
  proctoring: ProctoringForm | null;
  /** All of them; the one to photographs has fields. */
  consents: ConsentForm[];
  rows: RowForm[];
  /** What the form has no field for; it comes back as it was. */
  rest: Record<string, unknown>;
}

type Json = Record<string, unknown>;

const text = (value: unknown) => (typeof value === 'string' ? value : '');
const number = (value: unknown) => {
  const read = typeof value === 'string' && value !== '' ? Number(value) : value;
  return typeof read === 'number' && !isNaN(read) ? read : null;
};
const words = (value: unknown) => (Array.isArray(value) ? value.map(String) : []);
const object = (value: unknown) => (typeof value === 'object' && value !== null ? (value as Json) : {});
const list = (value: unknown) => (Array.isArray(value) ? value.map(object) : []);

export function newSection(): SectionForm {
  return { title: '', type: 'single', topics: [], difficulties: ['easy', 'medium', 'hard'], count: null, points: null, rule: '' };
}

export function newRow(): RowForm {
  return {
    categories: [],
    practice_scopes: [],
    levels: [],
    institutions: [],
    minutes: null,
    pass_points: null,
    shuffle_items: true,
    shuffle_options: true,
    sections: [newSection()],
  };
}

/** Nothing that decides about people has a default: whoever defines the exam states it. */
export function newExam(): ExamForm {
  return { ...formOf({}), rows: [newRow()] };
}

export function formOf(definition: Json): ExamForm {
  const { notice, consents, attempts, outage_credit, proctoring, audience, ...others } = definition;
  const [said, tries, credit] = [object(notice), object(attempts), object(outage_credit)];
  const known = ['title', 'kind', 'cycle', 'banks', 'opens_at', 'closes_at', 'late_start', 'shows', 'review', 'leaving'];
  const also = ['starts_per_hour_max', 'exposure_cap', 'requires_passed'];
  const rest = Object.entries(others).filter(([name]) => ![...known, ...also].includes(name));
  return {
    title: text(others['title']),
    kind: text(others['kind']),
    cycle: text(others['cycle']),
    banks: words(others['banks']),
    notice_version: text(said['version']),
    notice_text: text(said['text']).trim(),
    opens_at: time(others['opens_at']),
    closes_at: time(others['closes_at']),
    late_start: text(others['late_start']),
    allowed: tries['allowed'] === 'unlimited' ? 0 : number(tries['allowed']),
    gap_minutes: number(tries['gap_minutes']) ?? 0,
    stop_at_first_pass: typeof tries['stop_at_first_pass'] === 'boolean' ? tries['stop_at_first_pass'] : null,
    keep: text(tries['keep']),
    shows: text(others['shows']),
    review: text(others['review']) || 'never',
    leaving: text(others['leaving']) || 'record',
    starts_per_hour_max: number(others['starts_per_hour_max']),
    exposure_cap: number(others['exposure_cap']),
    outage_enabled: credit['enabled'] !== false,
    outage_cap_minutes: number(credit['cap_minutes']),
    requires_passed: words(others['requires_passed']),
    proctoring: proctoringOf(proctoring),
    consents: consentsOf(consents),
    rows: list(audience).map(rowOf),
    rest: fromPairs(rest),
  };
}

function time(value: unknown): string {
  const ms = Date.parse(text(value));
  return isNaN(ms) ? '' : fieldTime(ms);
}

function rowOf(row: Json): RowForm {
  const blueprint = object(row['blueprint']);
  return {
    categories: words(row['categories']),
    practice_scopes: words(row['practice_scopes']),
    levels: words(row['levels']),
    institutions: words(row['institutions']),
    minutes: number(blueprint['time_allowed_minutes']),
    pass_points: number(blueprint['pass_points']),
    shuffle_items: blueprint['shuffle_items'] !== false,
    shuffle_options: blueprint['shuffle_options'] !== false,
    sections: list(blueprint['sections']).map((section) => ({
      title: text(section['title']),
      type: text(section['type']),
      topics: words(section['topics']),
      difficulties: words(section['difficulties']),
      count: number(section['count']),
      points: number(section['points']),
      rule: text(section['rule']),
    })),
  };
}

/** The definition that says what the form says; what is not stated is left out. */
export function definitionOf(form: ExamForm): Json {
  const attempts = stated({
    allowed: form.allowed === 0 ? 'unlimited' : form.allowed,
    gap_minutes: form.gap_minutes,
    stop_at_first_pass: form.stop_at_first_pass,
    keep: form.keep,
  });
  const credit = { enabled: form.outage_enabled, ...stated({ cap_minutes: form.outage_cap_minutes }) };
  const isUsualCredit = form.outage_enabled && form.outage_cap_minutes === null;
  return {
    ...form.rest,
    ...stated({
      title: form.title.trim(),
      kind: form.kind,
      cycle: form.cycle.trim(),
      banks: form.banks,
      notice: form.notice_text.trim() === '' ? null : { version: form.notice_version.trim(), text: form.notice_text.trim() },
      consents: form.consents,
      opens_at: stamp(form.opens_at),
      closes_at: stamp(form.closes_at),
      late_start: form.late_start,
      attempts,
      shows: form.shows,
      review: form.review === 'never' ? '' : form.review,
      leaving: form.leaving === 'record' ? '' : form.leaving,
      starts_per_hour_max: form.starts_per_hour_max,
      exposure_cap: form.exposure_cap,
      outage_credit: isUsualCredit ? null : credit,
      proctoring: form.proctoring === null ? null : stated({ ...form.proctoring, place: form.proctoring.place.trim() }),
      requires_passed: form.requires_passed,
      audience: form.rows.map(definitionOfRow),
    }),
  };
}

function stamp(field: string): string | null {
  return ofFieldTime(field) === null ? null : `${field.length === 16 ? `${field}:00` : field}+08:00`;
}

function definitionOfRow(row: RowForm): Json {
  return {
    ...stated({
      categories: row.categories,
      practice_scopes: row.practice_scopes,
      levels: row.levels,
      institutions: row.institutions,
    }),
    blueprint: {
      ...stated({ time_allowed_minutes: row.minutes, pass_points: row.pass_points }),
      ...(row.shuffle_items ? {} : { shuffle_items: false }),
      ...(row.shuffle_options ? {} : { shuffle_options: false }),
      sections: row.sections.map(({ title, type, topics, difficulties, count, points, rule }) =>
        stated({ title, type, topics, difficulties, count, points, rule: MANY.includes(type) ? rule : '' }),
      ),
    },
  };
}

/** Without what is empty. */
function stated(values: Json): Json {
  const isEmpty = (value: unknown) =>
    value === null || value === '' || (Array.isArray(value) && value.length === 0);
  return fromPairs(Object.entries(values).filter(([, value]) => !isEmpty(value)));
}

/** Items, and the points that they are worth, of one row's papers. */
export function worth(row: RowForm): { items: number; points: number } {
  const items = row.sections.reduce((sum, section) => sum + (section.count ?? 0), 0);
  const points = row.sections.reduce((sum, section) => sum + Math.round((section.count ?? 0) * (section.points ?? 0) * 100), 0);
  return { items, points: points / 100 };
}

export interface StockCell {
  item_type: string;
  topic: string;
  difficulty: string;
  pool: string;
  items: number;
}

/** Items of the exam pool that a section could draw at one difficulty. */
export function stockAt(section: Pick<SectionForm, 'type' | 'topics'>, difficulty: string, cells: readonly StockCell[]): number {
  const within = (topic: string) => section.topics.some((one) => topic === one || topic.startsWith(`${one}/`));
  return cells
    .filter((cell) => cell.pool === 'exam' && cell.item_type === section.type && cell.difficulty === difficulty && within(cell.topic))
    .reduce((sum, cell) => sum + cell.items, 0);
}

export function stockOf(section: SectionForm, cells: readonly StockCell[]): number {
  return section.difficulties.reduce((sum, difficulty) => sum + stockAt(section, difficulty, cells), 0);
}

/** How a section stands: with three papers' worth a retake sees mostly new items. */
export function standing(need: number, stock: number): 'unset' | 'short' | 'tight' | 'ample' {
  if (need === 0) return 'unset';
  if (stock < need) return 'short';
  return stock < 3 * need ? 'tight' : 'ample';
}

/** Topics of cells, with everything that stands above them, in order. */
export function topicsOf(cells: readonly StockCell[]): string[] {
  const all = new Set<string>();
  for (const { topic } of cells) {
    const parts = topic.split('/');
    parts.forEach((_, index) => all.add(parts.slice(0, index + 1).join('/')));
  }
  return [...all].filter((topic) => topic !== '').sort((a, b) => a.localeCompare(b, 'zh-CN'));
}
