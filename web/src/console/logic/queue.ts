/** The queue of reviews as an address says it: what is asked of the server, and which place an attempt has. */
import type { Query } from '../api/client';
import { pageOf, rowsBefore } from './paging';

type Asked = Record<string, string>;

/** What the page shows where the address does not say: what waits and should be looked at. */
export const stateOf = (asked: Asked): string => asked['state'] || 'waiting';
export const severityOf = (asked: Asked): string => {
  const severity = asked['severity'] || (stateOf(asked) === 'waiting' ? 'look' : 'any');
  return severity === 'any' ? '' : severity;
};

const DECIDED = 'normal,suspicious,violation,void';

export function queueQuery(asked: Asked): Query {
  const state = stateOf(asked);
  const size = Number(asked['size']) || 20;
  return {
    exam_id: asked['exam'],
    text: asked['text'],
    state: state === 'all' ? '' : state === 'decided' ? DECIDED : state,
    severity: severityOf(asked),
    skip: rowsBefore(pageOf(asked['page'] ?? ''), size),
    limit: size,
  };
}

/** The filters as one value in the address of an attempt that was opened from the queue, and back. */
export const carried = (asked: Asked): string => new URLSearchParams(asked).toString() || 'all=';
export function readCarried(text: string): Asked {
  const asked: Asked = {};
  new URLSearchParams(text).forEach((value, name) => (asked[name] = value));
  return asked;
}
