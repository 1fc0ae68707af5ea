/** What an import says about a file, by what it is. */

export interface FileProblem {
  severity: 'error' | 'warning';
  file: string;
  sheet: string | null;
  row: number | null;
  column: number | null;
  /** What stands in that cell, where it is one. */
  cell: string | null;
  item: string | null;
  code: string;
  message: string;
  /** The same in English, without the particulars. */
  english: string;
}

export interface ProblemGroup {
  code: string;
  severity: 'error' | 'warning';
  problems: FileProblem[];
}

/** Errors before warnings, and what is there most first; within a group as in the file. */
export function grouped(problems: readonly FileProblem[]): ProblemGroup[] {
  const groups = new Map<string, ProblemGroup>();
  for (const problem of problems) {
    const name = `${problem.severity} ${problem.code}`;
    const group = groups.get(name);
    if (group) group.problems.push(problem);
    else groups.set(name, { code: problem.code, severity: problem.severity, problems: [problem] });
  }
  const rank = (group: ProblemGroup) => (group.severity === 'error' ? 0 : 1);
  return [...groups.values()].sort(
    (a, b) => rank(a) - rank(b) || b.problems.length - a.problems.length || a.code.localeCompare(b.code),
  );
}

/** A column as a spreadsheet names it: 1 is `A`, 28 is `AB`. */
export function columnLetters(column: number): string {
  let letters = '';
  for (let rest = column; rest > 0; rest = Math.floor((rest - 1) / 26)) {
    letters = String.fromCharCode(65 + ((rest - 1) % 26)) + letters;
  }
  return letters;
}

/** A cell as a spreadsheet names it, as far as it is known: `E2`, `2`, `E`. */
export function cellName(problem: Pick<FileProblem, 'row' | 'column'>): string {
  const column = problem.column === null ? '' : columnLetters(problem.column);
  return `${column}${problem.row ?? ''}`;
}
