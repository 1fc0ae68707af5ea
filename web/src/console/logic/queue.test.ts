import { expect, test } from 'vitest';
import { carried, queueQuery, readCarried } from './queue';

test('what waits and should be looked at is asked for where the address does not say', () => {
  expect(queueQuery({})).toMatchObject({ state: 'waiting', severity: 'look', skip: 0, limit: 20 });
  expect(queueQuery({ severity: 'any' })).toMatchObject({ state: 'waiting', severity: '' });
  expect(queueQuery({ state: 'appealed' })).toMatchObject({ state: 'appealed', severity: '' });
  expect(queueQuery({ state: 'all', page: '3', size: '50' })).toMatchObject({ state: '', skip: 100, limit: 50 });
});

test('the filters go along in the address of an attempt, and come back', () => {
  const asked = { state: 'appealed', text: '张 三&' };
  expect(readCarried(carried(asked))).toEqual(asked);
  expect(queueQuery(readCarried(carried({})))).toEqual(queueQuery({}));
});
