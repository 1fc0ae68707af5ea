/** What the candidate sees of an attempt, computed from what is known. */
import type { PaperGroup, PaperOption, PaperSlot } from '../../shared/api/types';
import type { Attempt, Pending } from './model';
import { withMark, withResponse } from './reduce';

/** The responses on the screen: the durable ones under the pending ones. */
export function responses(attempt: Attempt): Record<number, string[]> {
  return attempt.pending.reduce(
    (seen, { body }) => (body.t === 'save' ? withResponse(seen, body.slot, body.response) : seen),
    attempt.responses,
  );
}

/** The marks on the screen. */
export function marks(attempt: Attempt): number[] {
  return attempt.pending.reduce(
    (seen, { body }) => (body.t === 'mark' ? withMark(seen, body.slot, body.on) : seen),
    attempt.marked,
  );
}

/** The slots with something that the server is not known to have. */
export function unsavedSlots(pending: Pending[]): number[] {
  const slots = pending.map(({ body }) => (body.t === 'signal' ? 0 : body.slot));
  return slots.filter((slot, place) => slot > 0 && slots.indexOf(slot) === place);
}

export type Saving =
  | { state: 'saved' }
  | { state: 'saving' }
  | { state: 'connecting' }
  | { state: 'offline'; unsaved: number };

/** The truth about saving. It says saved only where the server has everything and can be reached. */
export function saving(attempt: Attempt): Saving {
  const unsaved = unsavedSlots(attempt.pending).length;
  if (attempt.link === 'offline') return { state: 'offline', unsaved };
  if (attempt.link === 'connecting') return unsaved > 0 ? { state: 'saving' } : { state: 'connecting' };
  return { state: unsaved > 0 ? 'saving' : 'saved' };
}

/** Milliseconds left at `now` of the steady clock; null before the server has said. */
export function remainingMs(attempt: Attempt, now: number): number | null {
  if (!attempt.timeLeft) return null;
  const { remainingMs: left, at } = attempt.timeLeft;
  return attempt.phase === 'paused' ? left : Math.max(0, left - Math.max(0, now - at));
}

/** Whether a response may be given now. */
export function acceptsResponses(attempt: Attempt): boolean {
  return attempt.phase === 'running' && attempt.standing === 'here' && !attempt.timeIsUp && !attempt.handIn && !attempt.closed;
}

export interface Counts {
  total: number;
  answered: number;
  unanswered: number;
  marked: number;
  unsaved: number;
}

export function counts(attempt: Attempt): Counts {
  const total = attempt.paper.slots.length;
  const answered = Object.keys(responses(attempt)).length;
  return { total, answered, unanswered: total - answered, marked: marks(attempt).length, unsaved: unsavedSlots(attempt.pending).length };
}

export function slotOf(attempt: Attempt, slot: number): PaperSlot | undefined {
  return attempt.paper.slots.find((candidate) => candidate.slot === slot);
}

export function groupOf(attempt: Attempt, slot: PaperSlot): PaperGroup | undefined {
  return attempt.paper.groups.find((group) => group.group === slot.group);
}

/** The options to show: the item's own, or those its group shares. */
export function optionsOf(slot: PaperSlot, group: PaperGroup | undefined): PaperOption[] {
  return slot.options.length > 0 || !group ? slot.options : group.options;
}

/** The response after a tap on `option`. A single choice is replaced, never cleared by a tap. */
export function tapped(slot: PaperSlot, before: string[], option: string): string[] {
  if (slot.choose === 'one') return [option];
  return before.includes(option) ? before.filter((other) => other !== option) : [...before, option].sort();
}
