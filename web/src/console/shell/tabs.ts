/** Pages that are open, as tabs. A tab is a path; its filters are those it was left with. */
import { computed, reactive } from 'vue';
import type { RouteLocationNormalizedLoaded } from 'vue-router';
import { t } from '../texts';

export interface Tab {
  path: string;
  /** With the filters of its last visit. */
  fullPath: string;
  title: string;
  /** Counts how often the path was opened anew: a page that was closed begins afresh. */
  opened: number;
}

const open = reactive<Tab[]>([]);
const openings = new Map<string, number>();

/** More would be lost sight of; the one that was opened first goes. */
const TABS_MAX = 12;

export const tabs = computed<readonly Tab[]>(() => open);

export function visit(route: RouteLocationNormalizedLoaded): void {
  const known = open.find((tab) => tab.path === route.path);
  if (known) {
    known.fullPath = route.fullPath;
    return;
  }
  const opened = (openings.get(route.path) ?? 0) + 1;
  openings.set(route.path, opened);
  open.push({ path: route.path, fullPath: route.fullPath, title: '', opened });
  if (open.length > TABS_MAX) open.shift();
}

/** Names the tab of a page by what the page shows. */
export function entitle(path: string, title: string): void {
  const tab = open.find((one) => one.path === path);
  if (tab) tab.title = title;
}

/** Closes a tab; the answer is where to go where it was the one in front. */
export function close(path: string): string | null {
  const index = open.findIndex((tab) => tab.path === path);
  if (index < 0) return null;
  open.splice(index, 1);
  return open[Math.max(0, index - 1)]?.fullPath ?? '/';
}

export function closeAll(): void {
  open.splice(0);
}

export function keyOf(path: string): string {
  return `${path} ${openings.get(path) ?? 0}`;
}

export function titleOf(tab: Tab, fallback: string): string {
  return tab.title === '' ? fallback : tab.title;
}

export const closeLabel = (title: string) => t('shell.close_tab', { title });
