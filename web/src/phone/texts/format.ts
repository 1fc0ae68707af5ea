/** Dates, durations and points in words. */
import { t } from '.';

/** Exams are announced in China's time, wherever the phone believes to be. */
const CHINA_MS = 8 * 60 * 60 * 1000;

const two = (value: number) => String(value).padStart(2, '0');

/** A moment of this year: month, day, hour, minute. */
export function moment(ms: number): string {
  const date = new Date(ms + CHINA_MS);
  return t('time.date', {
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: two(date.getUTCHours()),
    minute: two(date.getUTCMinutes()),
  });
}

export function day(ms: number): string {
  const date = new Date(ms + CHINA_MS);
  return t('time.date_year', { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() });
}

/** A duration, rounded to seconds. */
export function duration(ms: number): string {
  const all = Math.max(0, Math.round(ms / 1000));
  const minutes = Math.floor(all / 60);
  const seconds = all % 60;
  if (minutes === 0) return t('duration.seconds', { seconds });
  return seconds === 0 ? t('duration.minutes', { minutes }) : t('duration.both', { minutes, seconds });
}

export function minutes(ms: number): number {
  return Math.round(ms / 60_000);
}

/** Hundredths as points, without zeros that say nothing. */
export function points(hundredths: number): string {
  return String(Math.round(hundredths) / 100);
}

/** The countdown: `59:07`; an hour is `60:00`, as people know it, and more is `1:59:07`. */
export function countdown(ms: number): string {
  const all = Math.ceil(ms / 1000);
  if (all <= 3600) return `${two(Math.floor(all / 60))}:${two(all % 60)}`;
  return `${Math.floor(all / 3600)}:${two(Math.floor((all % 3600) / 60))}:${two(all % 60)}`;
}

/** The time alone, where the day is known. */
export function timeOfDay(ms: number): string {
  const date = new Date(ms + CHINA_MS);
  return `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
}
