/** Corrections of a table's cells: made where its problems are shown, sent along with the file. */
import type { FileProblem } from './problems';

export interface Mend {
  /** The sheet's name; null in text with separators. */
  sheet: string | null;
  row: number;
  column: number;
  /** What the cell says in the file. */
  was: string;
  text: string;
}

/** As many as the server takes with one file. */
export const MENDS_MAX = 500;

/** They travel in the address, which the server reads up to 64 KiB; the rest of it is short. */
const ADDRESS_BYTES_MAX = 60_000;

/** The server shows a cell up to here: what is longer cannot be written anew from what is shown. */
const SHOWN_CHARS_MAX = 2_000;

type Place = Pick<FileProblem, 'sheet' | 'row' | 'column'>;

export const nameOfCell = ({ sheet, row, column }: Place): string => JSON.stringify([sheet, row, column]);

/** Whether the cell can be corrected where its problem is shown. */
export function canMend(problem: FileProblem): boolean {
  const { cell, row, column } = problem;
  return cell !== null && row !== null && column !== null && [...cell].length < SHOWN_CHARS_MAX;
}

/** The corrections with one more; of a cell that was corrected before, the later one counts. */
export function withMend(mends: readonly Mend[], mend: Mend): Mend[] {
  const earlier = mends.find((one) => nameOfCell(one) === nameOfCell(mend));
  if (!earlier) return mend.text === mend.was ? [...mends] : [...mends, mend];
  if (mend.text === earlier.was) return mends.filter((one) => one !== earlier);
  return mends.map((one) => (one === earlier ? { ...mend, was: earlier.was } : one));
}

/** As the import takes them; nothing for none. */
export function written(mends: readonly Mend[]): string {
  return mends.length === 0 ? '' : JSON.stringify(mends.map(({ sheet, row, column, text }) => ({ sheet, row, column, text })));
}

/** Whether they can be sent along with the file. */
export function fit(mends: readonly Mend[]): boolean {
  return mends.length <= MENDS_MAX && encodeURIComponent(written(mends)).length <= ADDRESS_BYTES_MAX;
}
