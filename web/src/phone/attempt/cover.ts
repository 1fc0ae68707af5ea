/** What covers the exam, if anything: the states in which no response can be given. */
import type { Attempt } from './model';

export type Cover = null | 'elsewhere' | 'taken' | 'other_tab' | 'handing_in' | 'time_up' | 'paused' | 'locked';

/** The most telling one; who writes comes before what the session is in. */
export function coverOf(attempt: Attempt): Cover {
  if (attempt.standing !== 'here') return attempt.standing;
  if (attempt.closed || attempt.phase === 'closed' || attempt.phase === 'voided') return 'handing_in';
  if (attempt.timeIsUp || (attempt.handIn && attempt.handIn.by === 'deadline')) return 'time_up';
  if (attempt.handIn) return 'handing_in';
  return attempt.phase === 'paused' || attempt.phase === 'locked' ? attempt.phase : null;
}
