import { describe, expect, test } from 'vitest';
import { acked, chosen, DEVICE, happen, nack, OTHER, sitting, state } from './fixture';
import type { Attempt } from './model';
import { outgoing } from './outgoing';
import { acceptsResponses, responses, saving, tapped, slotOf } from './view';

const sent = (ns: number[], behindPing = 0) => ({ type: 'sent' as const, ns, behindPing });
const numbers = (attempt: Attempt) => attempt.pending.map(({ n }) => n);

describe('saving', () => {
  test('a tap shows at once and is saved only by its ack', () => {
    let attempt = happen(sitting(), chosen(1, 'b'));
    expect(responses(attempt)).toEqual({ 1: ['b'] });
    expect(attempt.responses).toEqual({});
    expect(saving(attempt)).toEqual({ state: 'saving' });
    attempt = happen(attempt, sent([1]), acked(1));
    expect(attempt.responses).toEqual({ 1: ['b'] });
    expect(saving(attempt)).toEqual({ state: 'saved' });
  });

  test('an ack of a connection that is gone is not believed', () => {
    const attempt = happen(sitting(), chosen(1, 'b'), sent([1]), { type: 'linked', link: 'connecting', connection: 2 }, acked(1, 1));
    expect(numbers(attempt)).toEqual([1]);
  });

  test('an ack does not count for what was not sent on its connection', () => {
    const attempt = happen(sitting(), chosen(1, 'b'), acked(1));
    expect(numbers(attempt)).toEqual([1]);
  });

  test('offline it says so with the number of items, and never that all is saved', () => {
    const attempt = happen(sitting(), { type: 'linked', link: 'offline' }, chosen(1, 'b'), chosen(2, 'a'), chosen(1, 'c'));
    expect(saving(attempt)).toEqual({ state: 'offline', unsaved: 2 });
  });

  test('after a reconnect everything pending goes again, in order', () => {
    const attempt = happen(sitting(), chosen(1, 'b'), chosen(2, 'a'), sent([1, 2]), { type: 'linked', link: 'live', connection: 2 });
    expect(outgoing(attempt, 0).messages.map(({ n }) => n)).toEqual([1, 2]);
    expect(outgoing(attempt, 0).again).toBe(false);
  });

  test('what was never sent gives way to a newer response to the same item', () => {
    const attempt = happen(sitting(), { type: 'linked', link: 'offline' }, chosen(1, 'a'), chosen(1, 'b'));
    expect(attempt.pending.map(({ body }) => body)).toEqual([{ t: 'save', slot: 1, response: ['b'], client_at_ms: 5 }]);
    expect(attempt.lastN).toBe(2);
  });

  test('what was sent stays until its own ack, though a newer one follows', () => {
    const attempt = happen(sitting(), chosen(1, 'a'), sent([1]), chosen(1, 'b'), acked(1));
    expect(numbers(attempt)).toEqual([2]);
    expect(responses(attempt)).toEqual({ 1: ['b'] });
  });

  test('a cleared item is no response', () => {
    const attempt = happen(sitting({ responses: { 3: ['a'] } }), chosen(3));
    expect(responses(attempt)).toEqual({});
  });

  test('marks come and go like responses', () => {
    const attempt = happen(sitting(), { type: 'marked', slot: 2, on: true }, sent([1]), acked(1), { type: 'marked', slot: 2, on: false });
    expect(attempt.marked).toEqual([2]);
    expect(attempt.pending).toHaveLength(1);
  });

  test('signals are told but are nothing to save', () => {
    const attempt = happen(sitting(), { type: 'signalled', kind: 'hidden', wallMs: 1 }, { type: 'signalled', kind: 'shown', wallMs: 2 });
    expect(attempt.pending).toHaveLength(2);
    expect(saving(attempt)).toEqual({ state: 'saved' });
  });
});

describe('numbers', () => {
  test('they go on from the highest the server has of this device', () => {
    const attempt = happen(sitting({ acked: { [DEVICE]: 40, [OTHER]: 90 } }), chosen(1, 'a'));
    expect(numbers(attempt)).toEqual([41]);
  });

  test('they never go back', () => {
    const attempt = happen(sitting(), chosen(1, 'a'), chosen(2, 'a'), { type: 'state', state: state({ acked: { [DEVICE]: 1 } }), at: 0 }, chosen(3, 'a'));
    expect(attempt.lastN).toBe(3);
  });

  test('a hand-in keeps its number, however often it is asked for', () => {
    const attempt = happen(sitting(), { type: 'hand_in', by: 'candidate' }, { type: 'hand_in', by: 'deadline' });
    expect(attempt.handIn).toEqual({ by: 'candidate', n: 1 });
  });
});

describe('refusals', () => {
  test('a busy server gets the same number again, later, with what it vouched for', () => {
    const busy = { type: 'nacked' as const, connection: 1, nack: nack(1, 'busy', { arrived: 'mac' }), at: 10 };
    const attempt = happen(sitting(), chosen(1, 'b'), sent([1]), busy);
    expect(outgoing(attempt, 500).messages).toEqual([]);
    expect(outgoing(attempt, 1_010).messages).toMatchObject([{ n: 1, arrived: 'mac' }]);
  });

  test('an ack that may have left before the resend is not believed until the pong behind it', () => {
    const busy = { type: 'nacked' as const, connection: 1, nack: nack(1, 'busy'), at: 0 };
    let attempt = happen(sitting(), chosen(1, 'b'), chosen(2, 'a'), sent([1, 2]), busy);
    expect(outgoing(attempt, 2_000).again).toBe(true);
    attempt = happen(attempt, sent([1], 1), acked(2));
    expect(numbers(attempt)).toEqual([1]);
    attempt = happen(attempt, { type: 'ponged', connection: 1 }, acked(2));
    expect(numbers(attempt)).toEqual([]);
  });

  test('an ack of a higher number leaves a refused message alone', () => {
    const busy = { type: 'nacked' as const, connection: 1, nack: nack(1, 'busy'), at: 0 };
    const attempt = happen(sitting(), chosen(1, 'b'), chosen(2, 'a'), sent([1, 2]), busy, acked(2));
    expect(numbers(attempt)).toEqual([1]);
  });

  test('what was refused in a pause goes again after it', () => {
    const paused = { type: 'nacked' as const, connection: 1, nack: nack(1, 'paused'), at: 0 };
    let attempt = happen(sitting(), chosen(1, 'b'), sent([1]), paused);
    expect(outgoing(attempt, 1e9).messages).toEqual([]);
    attempt = happen(attempt, { type: 'resumed', remainingMs: 1_000, at: 0 });
    expect(outgoing(attempt, 0).messages).toHaveLength(1);
  });

  test('a state that runs frees what waited for a resume nobody heard', () => {
    const paused = { type: 'nacked' as const, connection: 1, nack: nack(1, 'paused'), at: 0 };
    const attempt = happen(sitting(), chosen(1, 'b'), sent([1]), paused, { type: 'state', state: state(), at: 0 });
    expect(outgoing(attempt, 0).messages).toHaveLength(1);
  });

  test('a final refusal drops the message, and the candidate hears which item it was', () => {
    const bad = { type: 'nacked' as const, connection: 1, nack: nack(1, 'bad_response'), at: 0 };
    const attempt = happen(sitting(), chosen(2, 'b'), sent([1]), bad);
    expect(attempt.pending).toEqual([]);
    expect(attempt.words).toEqual([{ kind: 'refused', slot: 2 }]);
  });
});

describe('another writer', () => {
  test('after a takeover what is pending is shown and never sent', () => {
    const attempt = happen(sitting(), chosen(1, 'b'), { type: 'stood', standing: 'taken' });
    expect(attempt.pending).toEqual([]);
    expect(attempt.overtaken).toHaveLength(1);
    expect(acceptsResponses(attempt)).toBe(false);
  });

  test('another page of this phone takes nothing away: it has the same records', () => {
    const attempt = happen(sitting(), chosen(1, 'b'), { type: 'stood', standing: 'other_tab' });
    expect(attempt.pending).toHaveLength(1);
  });

  test('taken back, the page follows the server', () => {
    const attempt = happen(sitting(), { type: 'stood', standing: 'taken' }, { type: 'state', state: state({ epoch: 9, responses: { 1: ['d'] } }), at: 0 });
    expect(attempt.standing).toBe('here');
    expect(responses(attempt)).toEqual({ 1: ['d'] });
  });
});

describe('over HTTP', () => {
  test('a reply settles what it brought, but for its nacks', () => {
    const reply = { acked: 2, epoch: 1, state: 'running' as const, remaining_ms: 5, nacks: [nack(1, 'busy')] };
    const attempt = happen(sitting(), chosen(1, 'a'), chosen(2, 'b'), chosen(3, 'c'), { type: 'replied', ns: [1, 2], reply, at: 0 });
    expect(numbers(attempt)).toEqual([1, 3]);
    expect(attempt.responses).toEqual({ 2: ['b'] });
  });
});

describe('time', () => {
  test('extra time after the end calls off what only the clock had asked for', () => {
    const attempt = happen(sitting(), { type: 'time_is_up' }, { type: 'hand_in', by: 'deadline' }, { type: 'state', state: state({ remaining_ms: 15_000 }), at: 0 });
    expect(attempt.handIn).toBeNull();
    expect(acceptsResponses(attempt)).toBe(true);
  });

  test('a message that comes again was said before', () => {
    const said = (number: number) => ({ type: 'told' as const, number, text: `message ${number}` });
    const twice = happen(sitting(), said(1), said(1));
    expect(twice.words).toHaveLength(1);
    const read = happen(twice, { type: 'word_read', word: twice.words[0]! }, said(1));
    expect(read.words).toEqual([]);
    expect(happen(read, said(2)).words).toHaveLength(1);
  });

  test('time that comes back is told, and reading one word leaves the others', () => {
    const attempt = happen(sitting(), { type: 'time_is_up' }, { type: 'state', state: state(), at: 0 }, { type: 'told', number: 1, text: 'x' });
    expect(attempt.words.map(({ kind }) => kind)).toEqual(['time_back', 'message']);
    const read = happen(attempt, { type: 'word_read', word: attempt.words[1]! });
    expect(read.words.map(({ kind }) => kind)).toEqual(['time_back']);
  });

  test('but not what the candidate asked for', () => {
    const attempt = happen(sitting(), { type: 'hand_in', by: 'candidate' }, { type: 'state', state: state(), at: 0 });
    expect(attempt.handIn).not.toBeNull();
  });

  test('nothing leads out of a closed attempt', () => {
    const result = { points: 0, total_points: 1, pass_points: 1, verdict: 'failed', by: 'submit', closed_at_ms: 0, certificate: 'none' as const };
    const receipt = { attempt_id: 'attempt', last_seq: 1, answered: 0, closed_at_ms: 0, digest: '' };
    const closed = { type: 'closed' as const, closed: { by: 'submit', receipt, result: { ...result, receipt } } };
    const attempt = happen(sitting(), closed, chosen(1, 'a'));
    expect(attempt.pending).toEqual([]);
    expect(attempt.phase).toBe('closed');
  });
});

describe('taps', () => {
  test('a single choice is replaced, and a second tap does not clear it', () => {
    const item = slotOf(sitting(), 1)!;
    expect(tapped(item, ['a'], 'b')).toEqual(['b']);
    expect(tapped(item, ['b'], 'b')).toEqual(['b']);
  });

  test('of many, each tap adds or takes away', () => {
    const item = slotOf(sitting(), 3)!;
    expect(tapped(item, ['c'], 'a')).toEqual(['a', 'c']);
    expect(tapped(item, ['a', 'c'], 'a')).toEqual(['c']);
  });
});
