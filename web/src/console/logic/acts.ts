/** What an invigilator may do to an attempt that runs, by where it stands. */
import type { Phase } from '../api/types';

export type LiveAct = 'extend' | 'pause' | 'resume' | 'lock' | 'unlock' | 'end';

/** An attempt as an act shows what it will do to it. */
export interface Standing {
  attempt_id: string;
  candidate: string;
  leftMs: number;
  answered: number;
  slots: number;
}

const ACTS: Record<Phase, LiveAct[]> = {
  running: ['extend', 'pause', 'lock', 'end'],
  paused: ['resume', 'extend', 'end'],
  locked: ['unlock', 'extend', 'end'],
  closed: [],
  voided: [],
};

export const actsIn = (phase: string): readonly LiveAct[] => ACTS[phase as Phase] ?? [];

export const isDangerous = (act: LiveAct): boolean => act === 'end' || act === 'lock';
