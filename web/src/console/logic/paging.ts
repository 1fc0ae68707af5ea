/** Pages of a list whose server only says where the next one begins. */

export const SIZES = [10, 20, 50, 100, 200] as const;

/** Where each page that was seen begins; the first begins at nothing. */
export type Starts = readonly string[];

export const FIRST: Starts = [''];

/** The starts as they stand in an address: `12.24`. */
export function written(starts: Starts): string {
  return starts.slice(1).join('.');
}

export function read(text: unknown): Starts {
  const all = typeof text === 'string' && text !== '' ? text.split('.') : [];
  return ['', ...all.filter((one) => /^\d+$/.test(one))];
}

export const forward = (starts: Starts, next: number | null): Starts => (next === null ? starts : [...starts, String(next)]);

export const back = (starts: Starts): Starts => (starts.length > 1 ? starts.slice(0, -1) : starts);

/** The number of the page that is shown, from 1. */
export const pageOf = (starts: Starts): number => starts.length;

export const startOf = (starts: Starts): string | undefined => starts[starts.length - 1] || undefined;

/** Rows before this page, as far as all pages are as long. */
export const rowsBefore = (starts: Starts, size: number): number => (starts.length - 1) * size;
