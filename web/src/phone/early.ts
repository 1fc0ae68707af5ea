/** The paper of an attempt, which a small script may have asked for before this one was here. */
import { answered, ask, type Answer } from '../../shared/api/http';
import type { Paper } from '../../shared/api/types';

declare global {
  interface Window {
    /** Set by `build/early-paper.js`. */
    examEarlyPaper?: { attemptId: string; answer: Promise<Response> };
  }
}

/** Fetches a paper, or takes the one that is on its way; throws what {@link ask} throws. */
export async function fetchPaper(attemptId: string): Promise<Paper> {
  const early = window.examEarlyPaper;
  delete window.examEarlyPaper;
  if (early && early.attemptId === attemptId) {
    const response = await early.answer.catch(() => null);
    if (response) return (await answered<Paper>(response)).body;
  }
  const answer: Answer<Paper> = await ask<Paper>(`/attempts/${attemptId}/paper`);
  return answer.body;
}
