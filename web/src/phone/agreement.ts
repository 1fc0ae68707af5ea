/** What the candidate agreed to, carried from the notice to the start; in memory only. */
import { shallowRef } from 'vue';

export interface Agreement {
  examId: string;
  noticeVersion: string;
  /** Whether each consent was given, by kind. */
  consents: Record<string, { version: string; given: boolean }>;
  minutes: number;
}

export const agreement = shallowRef<Agreement | null>(null);
