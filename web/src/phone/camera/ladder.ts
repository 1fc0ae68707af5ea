/**
 * The way to a camera in the device check, rung by rung: a live camera, else the phone's own camera
 * app, else none. A pure function from the rung and what happened to the next rung.
 */
import type { Failure } from './access';

export type Rung =
  | { at: 'explains' } // Nothing has been asked yet.
  | { at: 'asks' }
  | { at: 'live' }
  | { at: 'failed'; failure: Failure }
  | { at: 'file' } // A picture of the phone's own camera app is in hand.
  | { at: 'file_unread' }
  | { at: 'without' };

export type Step =
  | { type: 'tapped' }
  | { type: 'opened' }
  | { type: 'refused'; failure: Failure }
  | { type: 'lost' }
  | { type: 'picture'; readable: boolean }
  | { type: 'gave_up' };

export const FIRST: Rung = { at: 'explains' };

export function climb(rung: Rung, step: Step): Rung {
  switch (step.type) {
    case 'tapped':
      return { at: 'asks' };
    case 'opened':
      return rung.at === 'asks' ? { at: 'live' } : rung;
    case 'refused':
      return rung.at === 'asks' ? { at: 'failed', failure: step.failure } : rung;
    case 'lost':
      return rung.at === 'live' ? { at: 'failed', failure: 'busy' } : rung;
    case 'picture':
      return step.readable ? { at: 'file' } : { at: 'file_unread' };
    case 'gave_up':
      return { at: 'without' };
  }
}

/** What a start tells the server of the camera; null while that is not settled. */
export function cameraOf(rung: Rung): 'live' | 'file' | 'none' | null {
  if (rung.at === 'live' || rung.at === 'file') return rung.at;
  return rung.at === 'without' ? 'none' : null;
}
