/** What was photographed and decided about an attempt, as its candidate may know it. */
import { ask } from '../../shared/api/http';
import type { components } from '../../shared/api/schema';
import type { AttemptState } from '../../shared/api/types';

export type OwnReview = components['schemas']['OwnReview'];
export type OwnSnapshot = components['schemas']['OwnSnapshot'];
export type ReviewStep = components['schemas']['StepView'];

/** A review, and the server's time when it was asked for. */
export interface Known {
  review: OwnReview;
  nowMs: number;
}

export async function askReview(attemptId: string): Promise<OwnReview> {
  return (await ask<OwnReview>(`/attempts/${attemptId}/review`)).body;
}

/** With the time by which it is decided whether an objection comes too late. */
export async function askKnown(attemptId: string): Promise<Known> {
  const [review, state] = await Promise.all([askReview(attemptId), ask<AttemptState>(`/attempts/${attemptId}`)]);
  return { review, nowMs: state.body.now_ms };
}

const STATES = ['waiting', 'normal', 'suspicious', 'violation', 'void', 'appealed'] as const;
export type State = (typeof STATES)[number];

/** Where it stands, in one word. */
export type Standing = State | 'upheld' | 'dismissed';

/** What people have said, whatever became of an objection; a word that is not known says nothing yet. */
export function stateOf(review: OwnReview): State {
  return STATES.find((state) => state === review.state) || 'waiting';
}

export function standing(review: OwnReview): Standing {
  if (review.upheld === true) return 'upheld';
  return review.upheld === false ? 'dismissed' : stateOf(review);
}

export type Tone = 'good' | 'amber' | 'grey' | 'bad';

const TONES: Record<Standing, Tone> = {
  waiting: 'grey',
  normal: 'good',
  suspicious: 'amber',
  violation: 'amber',
  void: 'bad',
  appealed: 'grey',
  upheld: 'good',
  dismissed: 'amber',
};

export function toneOf(review: OwnReview): Tone {
  return stateOf(review) === 'void' ? 'bad' : TONES[standing(review)];
}

/** Whether there is anything to be shown: photographs, or what somebody decided. */
export function hasMore(review: OwnReview): boolean {
  return typeof review.keep_days === 'number' || review.steps.length > 0;
}

/** Whether the candidate may object, and until when. */
export type Objection = { is: 'none' } | { is: 'open' | 'over'; untilMs: number };

export function objection({ review, nowMs }: Known): Objection {
  const untilMs = review.appeal_until_ms;
  if (typeof untilMs !== 'number') return { is: 'none' };
  return { is: nowMs <= untilMs ? 'open' : 'over', untilMs };
}

/** What the candidate has said to it; null while nothing was. */
export function objected(review: OwnReview): ReviewStep | null {
  return review.steps.find(({ act }) => act === 'appeal') || null;
}

/** Whether it was void for a time. */
export function wasVoid(review: OwnReview): boolean {
  return review.steps.some(({ act }) => act === 'confirm_void');
}
