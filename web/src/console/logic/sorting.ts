/** The order of a list that is here as a whole. In its address: `items`, or `-items` with the most first. */

export interface Order {
  name: string;
  isDown: boolean;
}

export function orderOf(text: string): Order | null {
  const name = text.replace(/^-/, '');
  return name === '' ? null : { name, isDown: text.startsWith('-') };
}

/** What a press on a column's head makes of the order: up, down, and as the server gave it. */
export function pressed(order: Order | null, name: string): string {
  if (order?.name !== name) return name;
  return order.isDown ? '' : `-${name}`;
}

export function sorted<T>(rows: readonly T[], order: Order | null, columns: Record<string, (row: T) => string | number>): T[] {
  const value = order ? columns[order.name] : undefined;
  if (!order || !value) return [...rows];
  const compare = (a: string | number, b: string | number) =>
    typeof a === 'number' && typeof b === 'number' ? a - b : String(a).localeCompare(String(b), 'zh-CN', { numeric: true });
  return [...rows].sort((a, b) => (order.isDown ? compare(value(b), value(a)) : compare(value(a), value(b))));
}
