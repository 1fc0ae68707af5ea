/** What went wrong, in the candidate's words: what happened, what is safe, what to do. */
import { Refused, Unreachable } from '../shared/api/http';

export interface Trouble {
  kind: 'offline' | 'busy' | 'signed_out' | 'not_found' | 'other';
  /** For support; null where the words say everything. */
  code: string | null;
}

export function troubleOf(error: unknown): Trouble {
  if (error instanceof Unreachable) return { kind: 'offline', code: null };
  if (!(error instanceof Refused)) return { kind: 'other', code: 'page' };
  if (error.status === 401) return { kind: 'signed_out', code: null };
  if (error.status === 404) return { kind: 'not_found', code: error.code };
  if (error.status === 503 || error.status === 429) return { kind: 'busy', code: error.code };
  return { kind: 'other', code: error.code };
}
