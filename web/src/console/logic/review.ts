/** Which steps may follow in a review, and who may take them. The server decides; a page says it before. */
import type { ReviewView, Step } from '../api/types';

export const VERDICTS = ['normal', 'suspicious', 'violation'] as const;
export const ACTS = [...VERDICTS, 'propose_void', 'confirm_void', 'decline_void', 'uphold_appeal', 'dismiss_appeal'] as const;
export type Act = (typeof ACTS)[number];

/** Why a step may not be taken: it does not follow, or somebody else has to take it. */
export type Hindrance = 'out_of_order' | 'same_person';

/** The proposal that nobody has answered. */
export function proposal(steps: readonly Step[]): Step | undefined {
  const [last] = steps.filter(({ act }) => act === 'propose_void' || act === 'decline_void' || act === 'uphold_appeal').slice(-1);
  return last?.act === 'propose_void' ? last : undefined;
}

const took = (steps: readonly Step[], act: string) => steps.some((step) => step.act === act);

export function hindrance(act: Act, review: Pick<ReviewView, 'steps' | 'state'>, login: string): Hindrance | null {
  const { steps, state } = review;
  if (act === 'uphold_appeal' || act === 'dismiss_appeal') {
    if (state !== 'appealed') return 'out_of_order';
    return steps.some((step) => step.login === login) ? 'same_person' : null;
  }
  const isOpen = !took(steps, 'appeal') && state !== 'void';
  const proposed = proposal(steps);
  if (act === 'confirm_void') {
    if (!isOpen || !proposed) return 'out_of_order';
    return proposed.login === login ? 'same_person' : null;
  }
  if (act === 'decline_void') return isOpen && proposed ? null : 'out_of_order';
  return isOpen && !proposed ? null : 'out_of_order';
}

/** The steps that make sense to offer where a review stands. */
export function offered({ state }: Pick<ReviewView, 'state'>): Act[] {
  if (state === 'void_proposed') return ['confirm_void', 'decline_void'];
  if (state === 'appealed') return ['uphold_appeal', 'dismiss_appeal'];
  return [...VERDICTS, 'propose_void'];
}

/** Steps that change what an attempt is worth, or wish to. */
export const isGrave = (act: Act): boolean => act === 'propose_void' || act === 'confirm_void';
