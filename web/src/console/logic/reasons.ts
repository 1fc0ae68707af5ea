/** Why an exam cannot be published yet: the server's sentences, told apart for other languages. */

export interface Reason {
  /** Which sentence it is; nothing for one that is not known here. */
  key: 'field' | 'bank_unknown' | 'bank_drafts' | 'short' | 'maintenance' | 'several_rows' | 'no_row' | 'overlap' | '';
  values: Record<string, string>;
  /** The server's own words. */
  said: string;
}

const PATTERNS: [Exclude<Reason['key'], ''>, RegExp][] = [
  ['bank_unknown', /^there is no bank "(?<bank>.*)"$/],
  ['bank_drafts', /^bank "(?<bank>.*)" has (?<drafts>\d+) drafts/],
  ['maintenance', /maintenance window/],
  ['several_rows', /^(?<count>\d+) candidates match more than one audience row$/],
  ['no_row', /^(?<count>\d+) candidates match no audience row$/],
  ['overlap', /^(?<path>\S+): sections (?<first>\d+) and (?<second>\d+) both draw (?<cell>.*) \(overlapping_sections\)$/],
  ['field', /^(?<path>[\w.[\]]+): (?<message>.*) \((?<code>\w+)\)$/],
  ['short', /^audience\[(?<row>\d+)\]: section "(?<section>.*)" needs (?<need>\d+) of (?<cell>.*) and the bank has (?<stock>\d+)/],
];

export function reasonOf(said: string): Reason {
  for (const [key, pattern] of PATTERNS) {
    const found = pattern.exec(said);
    if (found) return { key, values: { ...found.groups }, said };
  }
  return { key: '', values: {}, said };
}
