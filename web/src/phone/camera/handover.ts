/** What the device check found, carried to the exam that starts behind it; in memory only. */
import { after } from '../../shared/clock';
import type { Camera } from './camera';
import type { Picture } from './queue';

/** How a candidate began: with a live camera, with the phone's camera app, or without any. */
export type Mode = 'live' | 'file' | 'none';

interface Handover {
  attemptId: string;
  mode: Mode;
  camera: Camera | null;
  /** A picture of the camera app that was taken before, for the first request. */
  picture: Picture | null;
}

/** A camera that no exam has taken by then is let go: its light would burn for nothing. */
const TAKEN_WITHIN_MS = 60_000;

let held: Handover | null = null;

export function handOver(what: Handover): void {
  held = what;
  after(TAKEN_WITHIN_MS, () => {
    if (held !== what) return;
    held = null;
    if (what.camera) what.camera.stop();
  });
}

/** What was handed over for this attempt, once. */
export function takeOver(attemptId: string): Handover | null {
  const taken = held && held.attemptId === attemptId ? held : null;
  held = null;
  return taken;
}
