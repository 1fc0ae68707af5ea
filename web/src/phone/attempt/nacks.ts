import type { NackCode } from '../../shared/api/types';

/** Whether a refused message is dropped; the others are sent again with the same number. */
export function isFinal(code: NackCode): boolean {
  return code !== 'busy' && code !== 'paused' && code !== 'locked';
}
