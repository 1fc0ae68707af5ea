/** Dates, durations and numbers in words. Exams are announced in China's time. */
import { language, t } from '.';

const CHINA_MS = 8 * 60 * 60 * 1000;
const two = (value: number) => String(value).padStart(2, '0');

/** `2026-10-28 11:48`, as tables show it. */
export function moment(ms: number | null | undefined): string {
  if (ms === null || ms === undefined) return '';
  const date = new Date(ms + CHINA_MS);
  const day = `${date.getUTCFullYear()}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
  return `${day} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
}

export function day(ms: number): string {
  return moment(ms).slice(0, 10);
}

/** What a field for date and time holds: China's time, without a zone. */
export function fieldTime(ms: number): string {
  return moment(ms).replace(' ', 'T');
}

/** The moment that such a field means; null for none. */
export function ofFieldTime(text: string): number | null {
  const ms = Date.parse(`${text.length === 16 ? `${text}:00` : text}+08:00`);
  return isNaN(ms) ? null : ms;
}

/** `52:07`, and `1:02:07` from an hour on. */
export function clock(ms: number): string {
  const all = Math.max(0, Math.ceil(ms / 1000));
  const [hours, minutes, seconds] = [Math.floor(all / 3600), Math.floor((all % 3600) / 60), all % 60];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${two(minutes)}:${two(seconds)}`;
}

/** `11:48:05`, China's time. */
export function timeOfDay(ms: number): string {
  const date = new Date(ms + CHINA_MS);
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())}`;
}

/** A length of time in words: 12 秒, 1 分 20 秒, 52 分钟. */
export function lasting(ms: number): string {
  const all = Math.max(0, Math.round(ms / 1000));
  const [minutes, seconds] = [Math.floor(all / 60), all % 60];
  if (minutes === 0) return t('time.seconds', { seconds });
  return seconds === 0 || minutes >= 10 ? t('time.minutes', { minutes }) : t('time.minutes_seconds', { minutes, seconds });
}

export function ago(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  return seconds < 60 ? t('time.seconds_ago', { seconds }) : t('time.minutes_ago', { minutes: Math.round(seconds / 60) });
}

export function count(value: number): string {
  return value.toLocaleString(language.value === 'en' ? 'en-US' : 'zh-CN');
}

export function percent(share: number): string {
  return `${Math.round(share * 1000) / 10}%`;
}

/** Hundredths as points, without zeros that say nothing. */
export function points(hundredths: number | null | undefined): string {
  return hundredths === null || hundredths === undefined ? '' : String(hundredths / 100);
}
