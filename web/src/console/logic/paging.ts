/** Pages of a list, counted from 1. */

export const SIZES = [10, 20, 50, 100, 200] as const;

/** The page that an address asks for; what is no page is the first. */
export function pageOf(text: string): number {
  return /^[1-9]\d{0,6}$/.test(text) ? Number(text) : 1;
}

/** As it stands in an address, where the first is not said. */
export const written = (page: number): string => (page > 1 ? String(page) : '');

/** Rows that stand before a page. */
export const rowsBefore = (page: number, size: number): number => (page - 1) * size;

/** How many pages so many rows make; an empty list is a page, too. */
export const pagesOf = (total: number, size: number): number => Math.max(1, Math.ceil(total / size));

/** The page that is meant by a number that somebody typed; nothing where it is none. */
export function meant(typed: string, pages: number): number | undefined {
  const digits = typed.trim().normalize('NFKC');
  return /^\d+$/.test(digits) ? Math.min(pages, Math.max(1, Number(digits))) : undefined;
}
