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

/** Lets the camera go that nobody takes. */
function drop(): void {
  if (held && held.camera) held.camera.stop();
  held = null;
}

export function handOver(what: Handover): void {
  drop();
  held = what;
  after(TAKEN_WITHIN_MS, () => held === what && drop());
}

/** What was handed over for this attempt, once. */
export function takeOver(attemptId: string): Handover | null {
  const taken = held && held.attemptId === attemptId ? held : null;
  if (!taken) drop();
  held = null;
  return taken;
}
