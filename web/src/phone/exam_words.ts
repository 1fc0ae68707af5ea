/** What the list says of an exam, from the protocol's button. */
import type { ExamButton, ExamView } from '../shared/api/types';

export type Tone = 'open' | 'good' | 'amber' | 'grey';

export interface ExamWords {
  /** Key of the state in the badge. */
  state: `state.${ExamButton}` | 'state.not_passed';
  tone: Tone;
  /** Key of the button. */
  button: `button.${ExamButton}` | 'button.again';
  /** Whether the button leads anywhere. */
  acts: boolean;
}

const TONES: Record<ExamButton, Tone> = {
  resume: 'amber',
  exempt: 'good',
  passed: 'good',
  blocked: 'grey',
  not_open: 'grey',
  closed: 'grey',
  failed: 'grey',
  enter: 'open',
};

/** How an exam stands on the list. After a pass that may be repeated, both are said. */
export function wordsFor(exam: ExamView): ExamWords {
  const button = exam.button as ExamButton;
  const acts = button === 'enter' || button === 'resume';
  const words: ExamWords = { state: `state.${button}`, tone: TONES[button] || 'grey', button: `button.${button}`, acts };
  if (button !== 'enter' || exam.attempts_used === 0) return words;
  const best = exam.best_points;
  if (typeof best === 'number' && best >= exam.pass_points) return { ...words, state: 'state.passed', tone: 'good', button: 'button.again' };
  if (typeof best === 'number') return { ...words, state: 'state.not_passed', tone: 'amber' };
  return words;
}

const DAY_MS = 24 * 60 * 60 * 1000;
const HOUR_MS = 60 * 60 * 1000;

/** The time left of a window, where it is short enough to say in words. */
export function windowLeft(closesAtMs: number, nowMs: number): { unit: 'days' | 'hours'; count: number } | null {
  const left = closesAtMs - nowMs;
  if (left <= 0 || left > 30 * DAY_MS) return null;
  if (left >= DAY_MS) return { unit: 'days', count: Math.floor(left / DAY_MS) };
  return { unit: 'hours', count: Math.max(1, Math.floor(left / HOUR_MS)) };
}
