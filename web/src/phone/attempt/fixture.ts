/** A small paper for tests of what happens on an attempt. */
import type { AttemptState, Nack, Paper, PaperSlot } from '../../shared/api/types';
import { freshAttempt, type Attempt } from './model';
import { reduce, type Happening } from './reduce';

export const DEVICE = '11111111-1111-4111-8111-111111111111';
export const OTHER = '22222222-2222-4222-8222-222222222222';

const options = ['a', 'b', 'c', 'd'].map((id) => ({ id, text: `option ${id}` }));

function item(slot: number, more: Partial<PaperSlot> = {}): PaperSlot {
  return { slot, type: 'A1', group: null, stem: `stem ${slot}`, options, points: 200, choose: 'one', media: [], ...more };
}

export const PAPER: Paper = {
  attempt_id: 'attempt',
  title: 'paper',
  groups: [{ group: 1, kind: 'B1', stem: '', options }],
  slots: [item(1), item(2), item(3, { type: 'X', choose: 'many' }), item(4, { type: 'B1', group: 1, options: [] })],
};

export function state(more: Partial<AttemptState> = {}): AttemptState {
  return {
    state: 'running',
    epoch: 1,
    holder: DEVICE,
    now_ms: 1_000_000,
    deadline_ms: 1_600_000,
    remaining_ms: 600_000,
    responses: {},
    marked: [],
    acked: {},
    ...more,
  };
}

export function nack(n: number, code: Nack['code'], more: Partial<Nack> = {}): Nack {
  return { n, code, retry_ms: code === 'busy' ? 1_000 : null, kept: false, ...more };
}

/** Lets things happen, one after the other. */
export function happen(attempt: Attempt, ...happenings: Happening[]): Attempt {
  return happenings.reduce(reduce, attempt);
}

/** An attempt on connection 1, as the server stated it. */
export function sitting(more: Partial<AttemptState> = {}): Attempt {
  return happen(
    freshAttempt(PAPER, DEVICE),
    { type: 'linked', link: 'connecting', connection: 1 },
    { type: 'state', state: state(more), at: 0 },
    { type: 'linked', link: 'live' },
  );
}

export function chosen(slot: number, ...response: string[]): Happening {
  return { type: 'chosen', slot, response, wallMs: 5 };
}

export function acked(n: number, connection = 1): Happening {
  return { type: 'acked', connection, n, remainingMs: 500_000, at: 100 };
}
