/** When the countdown changes its colour, and when it is said aloud: at these minutes only. */
const MINUTE_MS = 60_000;
const SAID_AT_MINUTES = [30, 10, 5, 1];

export type Tone = 'calm' | 'amber' | 'red';

export function tone(remainingMs: number): Tone {
  if (remainingMs <= MINUTE_MS) return 'red';
  return remainingMs <= 5 * MINUTE_MS ? 'amber' : 'calm';
}

/** The minutes to announce when the time left fell from `before` to `now`; null for none. */
export function thresholdCrossed(before: number, now: number): number | null {
  const crossed = SAID_AT_MINUTES.filter((minutes) => before > minutes * MINUTE_MS && now <= minutes * MINUTE_MS);
  return crossed.length > 0 ? Math.min(...crossed) : null;
}
