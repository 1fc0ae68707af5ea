import { describe, expect, test } from 'vitest';
import { againAfterMs, hurried, LATE_MS_MAX, nextSendAt, nextToSend, nextToShoot, outcomeOf, settled, waiting, withAsked, withoutStale, withPicture, type Picture, type Queue } from './queue';

const picture: Picture = { jpeg: new Blob(['x']), byHand: false, label: 'front' };
const ask = (queue: Queue, ...ids: string[]) => withAsked(queue, ids.map((request_id) => ({ request_id, until_ms: 0 })), 1_000);

describe('what is wanted', () => {
  test('the same request is wanted once, by whichever way it comes', () => {
    const queue = ask(ask([], 'a', 'a'), 'a', 'b');
    expect(queue.map(({ id }) => id)).toEqual(['a', 'b']);
    expect(ask(queue, 'b')).toBe(queue);
  });

  test('the newest request is photographed first, the oldest photograph is sent first', () => {
    const asked = ask([], 'a', 'b', 'c');
    expect(nextToShoot(asked)!.id).toBe('c');
    const shot = withPicture(withPicture(asked, 'c', picture), 'b', picture);
    expect(nextToShoot(shot)!.id).toBe('a');
    expect(nextToSend(shot, 0)!.id).toBe('b');
    expect(waiting(shot)).toBe(1);
  });

  test('what is half an hour old is given up', () => {
    const queue = ask([], 'a');
    expect(withoutStale(queue, 1_000 + LATE_MS_MAX - 1)).toBe(queue);
    expect(withoutStale(queue, 1_000 + LATE_MS_MAX)).toEqual([]);
  });
});

describe('sending', () => {
  test('a server with too much to do is asked again, a refusal is final', () => {
    expect([204, 503, 500, 429, 408, 401].map(outcomeOf)).toEqual(['done', 'again', 'again', 'again', 'again', 'again']);
    expect([400, 404, 409, 410, 413, 415, 422].map(outcomeOf)).toEqual(Array(7).fill('dropped'));
  });

  test('each failure doubles the wait, up to a minute', () => {
    expect([1, 2, 3, 4, 5, 6, 20].map(againAfterMs)).toEqual([2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000]);
  });

  test('a failed one waits, and goes at once when the server is back', () => {
    const shot = withPicture(ask([], 'a'), 'a', picture);
    const failed = settled(shot, 'a', 'again', { now: 5_000, waitMs: 2_000 });
    expect(nextToSend(failed, 6_999)).toBeNull();
    expect(nextSendAt(failed)).toBe(7_000);
    expect(nextToSend(failed, 7_000)!.failures).toBe(1);
    expect(nextToSend(hurried(failed), 5_001)!.id).toBe('a');
  });

  test('what is done or refused is wanted no more', () => {
    const shot = withPicture(ask([], 'a', 'b'), 'a', picture);
    expect(settled(shot, 'a', 'done', { now: 0, waitMs: 0 }).map(({ id }) => id)).toEqual(['b']);
    expect(settled(shot, 'a', 'dropped', { now: 0, waitMs: 0 }).map(({ id }) => id)).toEqual(['b']);
    expect(nextSendAt(ask([], 'a'))).toBeNull();
  });
});
