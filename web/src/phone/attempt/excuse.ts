/** Leaving that we asked for ourselves: the phone's own camera app covers the page while it is open. */
import { steadyNow } from '../../shared/clock';

/** Long enough for a picture and a second one; who is away for longer did something else. */
const EXCUSED_MS = 120_000;

let until = 0;

/** From now on, for a while, leaving is no signal. */
export function excuseLeaving(): void {
  until = steadyNow() + EXCUSED_MS;
}

export function isExcused(): boolean {
  return steadyNow() < until;
}

/** The candidate is back. */
export function endExcuse(): void {
  until = 0;
}
