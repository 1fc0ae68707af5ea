/** A wall as a page keeps it: put together from what the server tells of changes. */
import type { Phase, Severity, Tile, WallView } from '../api/types';

export interface Wall {
  version: string;
  /** By attempt. A tile that did not change is the same object as before. */
  tiles: ReadonlyMap<string, Tile>;
  /** Whether more attempts run than one wall shows. */
  more: boolean;
}

export function merged(before: Wall | null, view: WallView): Wall {
  const { version, more } = view;
  if (before && !view.whole && view.tiles.length === 0 && view.gone.length === 0) return { version, more, tiles: before.tiles };
  const tiles = new Map(view.whole || !before ? [] : before.tiles);
  for (const id of view.gone) tiles.delete(id);
  for (const tile of view.tiles) tiles.set(tile.attempt_id, tile);
  return { version, more, tiles };
}

const RANKS: Record<Severity, number> = { first: 0, look: 1, note: 2 };
const rank = (tile: Tile) => (tile.severity === null ? 3 : RANKS[tile.severity]);
const names = new Intl.Collator('zh-CN', { numeric: true });

/** Attempts in the order in which somebody should look: the gravest first, then by name. */
export function worstFirst(tiles: ReadonlyMap<string, Tile>): string[] {
  const compare = (a: Tile, b: Tile) =>
    rank(a) - rank(b) || names.compare(a.candidate, b.candidate) || (a.attempt_id < b.attempt_id ? -1 : 1);
  return [...tiles.values()].sort(compare).map((tile) => tile.attempt_id);
}

/** The same places as before, under a pointer that may be about to press; what is new stands behind. */
export function inPlace(order: readonly string[], tiles: ReadonlyMap<string, Tile>): string[] {
  const known = new Set(order);
  return [...order, ...worstFirst(tiles).filter((id) => !known.has(id))];
}

export const isSame = (a: readonly string[], b: readonly string[]): boolean => a.length === b.length && a.every((id, at) => id === b[at]);

/** 张** for 张三丰: who walks past the screen reads no names. */
export function masked(name: string): string {
  const [first = '', ...others] = name.trim();
  return first + '*'.repeat(Math.min(2, Math.max(1, others.length)));
}

const RUNNING: readonly Phase[] = ['running', 'paused', 'locked'];

/** Whether somebody should look. */
export const isFlagged = (tile: Tile): boolean => tile.severity === 'first' || tile.severity === 'look';

export function counted(tiles: Iterable<Tile>): { running: number; flagged: number; missing: number } {
  const counts = { running: 0, flagged: 0, missing: 0 };
  for (const tile of tiles) {
    if (RUNNING.includes(tile.phase)) counts.running += 1;
    if (isFlagged(tile)) counts.flagged += 1;
    if (tile.watched && tile.taken < tile.due) counts.missing += 1;
  }
  return counts;
}

/** Whether a tile is asked for: by a part of the name, and by whether there is something to look at. */
export function isWanted(tile: Tile, text: string, flaggedOnly: boolean): boolean {
  return (!flaggedOnly || isFlagged(tile)) && (text === '' || tile.candidate.includes(text));
}

/** The place that an arrow leads to, of `count` in rows of `columns`. */
export function arrowed(key: string, place: number, columns: number, count: number): number {
  const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[key];
  if (key === 'Home') return 0;
  if (key === 'End') return count - 1;
  const next = place + (step ?? 0);
  return next < 0 || next >= count ? place : next;
}
