/** What went wrong, as a page shows it. */
import { Refused, Unreachable } from '../api/client';

export interface Trouble {
  code: string;
  /** Whether the server said no; otherwise nobody knows what it did. */
  refused: boolean;
  /** The server's own words, for codes that have none here. */
  detail: string;
  fields: { field: string; code: string; message: string }[];
  /** What somebody else has made of it meanwhile. */
  current: unknown;
}

export function troubleOf(error: unknown): Trouble {
  if (error instanceof Refused) {
    const { detail, fields, current } = error.problem;
    return { code: error.code, refused: true, detail: detail ?? '', fields: fields ?? [], current: current ?? null };
  }
  const code = error instanceof Unreachable ? 'unreachable' : 'page';
  return { code, refused: false, detail: error instanceof Error ? error.message : '', fields: [], current: null };
}

/** Refusals of one code that are told apart by what the server says. */
const DETAILS: Record<string, string> = {
  'who imported items cannot approve them': 'own_import',
  'the bank has no drafts of this import': 'no_drafts',
  'no approved unit has this code': 'not_approved',
  'another import into the bank has begun': 'import_begun',
};

export function textCode(trouble: Pick<Trouble, 'code' | 'detail'>): string {
  return DETAILS[trouble.detail] ?? trouble.code;
}
