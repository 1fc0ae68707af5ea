import { windowLeft } from '../exam_words';
import { t as common } from '../texts';
import { moment } from '../texts/format';
import { t } from './texts';

/** A moment that is to come, with the time left until then where it is short. */
export function until(untilMs: number, nowMs: number): string {
  const time = moment(untilMs);
  const left = windowLeft(untilMs, nowMs);
  if (!left) return time;
  const words = left.unit === 'days' ? common('exams.days_left', { days: left.count }) : common('exams.hours_left', { hours: left.count });
  return t('appeal.until', { time, left: words });
}
