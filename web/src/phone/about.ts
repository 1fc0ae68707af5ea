/** Whom the server works for, and whom a candidate can turn to. */
import { shallowRef } from 'vue';
import { ask } from '../shared/api/http';
import { keepSetting, setting } from './storage';

/** What `GET /about` answers. */
interface About {
  authority: string | null;
  support_lines: string[];
}

/** As last heard on this phone, so that it stands there without network too. */
export const about = shallowRef<About>(kept());

let asking: Promise<void> | null = null;

/** Asks the server once a page; nothing waits for the answer. */
export function askAbout(): void {
  asking = asking || ask<About>('/about').then(({ body }) => hear(body), forgetAsking);
}

function hear(told: About): void {
  about.value = told;
  keepSetting('about', JSON.stringify(told));
}

/** Whoever shows it next asks again. */
function forgetAsking(): void {
  asking = null;
}

function kept(): About {
  try {
    const told = JSON.parse(setting('about') || '') as About;
    if (Array.isArray(told.support_lines)) return told;
  } catch (_) {
    // Nothing is kept, or nothing of ours.
  }
  return { authority: null, support_lines: [] };
}
