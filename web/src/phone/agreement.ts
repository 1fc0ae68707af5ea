/** What the candidate agreed to, carried from the notice to the start; in memory only. */
import { shallowRef } from 'vue';
import type { Proctoring } from '../shared/api/types';

/** The consent to be photographed. */
export const SNAPSHOTS = 'snapshots';
/** The consent to have photographs compared with the registry's. */
export const RECOGNITION = 'recognition';

export interface Agreement {
  examId: string;
  noticeVersion: string;
  /** Whether each consent was given, by kind. */
  consents: Record<string, { version: string; given: boolean }>;
  minutes: number;
  /** How the exam takes photographs; null where it takes none. */
  proctoring: Proctoring | null;
}

export const agreement = shallowRef<Agreement | null>(null);

/** Whether the candidate agreed to be photographed, in an exam that asks for it. */
export function agreedToPhotographs({ proctoring, consents }: Agreement): boolean {
  const consent = consents[SNAPSHOTS];
  return proctoring !== null && consent !== undefined && consent.given;
}
