import { expect, test } from 'vitest';
import { failureOf } from './access';
import { cameraOf, climb, FIRST, type Rung, type Step } from './ladder';

const after = (...steps: Step[]): Rung => steps.reduce(climb, FIRST);

test('a camera that opens settles it', () => {
  expect(cameraOf(FIRST)).toBeNull();
  expect(cameraOf(after({ type: 'tapped' }))).toBeNull();
  expect(cameraOf(after({ type: 'tapped' }, { type: 'opened' }))).toBe('live');
});

test('a refusal leads to the phone’s own camera app, and that to going on without', () => {
  const refused = after({ type: 'tapped' }, { type: 'refused', failure: 'denied' });
  expect(refused).toEqual({ at: 'failed', failure: 'denied' });
  expect(cameraOf(refused)).toBeNull();
  expect(cameraOf(climb(refused, { type: 'picture', readable: true }))).toBe('file');
  const unread = climb(refused, { type: 'picture', readable: false });
  expect(cameraOf(unread)).toBeNull();
  expect(cameraOf(climb(unread, { type: 'gave_up' }))).toBe('none');
});

test('every rung but the first leads back to a new try', () => {
  for (const step of [{ type: 'gave_up' }, { type: 'picture', readable: true }] as Step[]) {
    expect(climb(after(step), { type: 'tapped' })).toEqual({ at: 'asks' });
  }
});

test('a camera that is lost before the start is no live one', () => {
  expect(cameraOf(after({ type: 'tapped' }, { type: 'opened' }, { type: 'lost' }))).toBeNull();
});

test('an answer that comes after another choice changes nothing', () => {
  expect(after({ type: 'tapped' }, { type: 'gave_up' }, { type: 'opened' })).toEqual({ at: 'without' });
});

test('why there is no camera is told apart by the names of new and old browsers', () => {
  const named = (name: string) => failureOf({ name });
  expect(['NotAllowedError', 'PermissionDeniedError'].map(named)).toEqual(['denied', 'denied']);
  expect(['NotFoundError', 'OverconstrainedError'].map(named)).toEqual(['none', 'none']);
  expect(['NotReadableError', 'TrackStartError'].map(named)).toEqual(['busy', 'busy']);
  expect([failureOf(null), named('Strange')]).toEqual(['other', 'other']);
});
