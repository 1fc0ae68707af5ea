/** Where an import stands in its bank. */
import type { ImportRow } from '../api/types';

/** What a later import brought anew waits there, and no longer here. */
export function standingOf(one: Pick<ImportRow, 'state' | 'waiting'>): string {
  return one.state === 'draft' && one.waiting === 0 ? 'superseded' : one.state;
}
