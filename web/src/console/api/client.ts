/** Asks the staff's part of the server. The browser adds the sign-in by itself. */
import { Refused, Unreachable, type ProblemBody } from '../../shared/api/http';
import { after } from '../../shared/clock';

export { Refused, Unreachable };

/** How long an answer may take; a check of a big bank needs some seconds. */
const ANSWER_WITHIN_MS = 60_000;

type Value = string | number | boolean | null | undefined;
export type Query = Record<string, Value>;

export interface Asking {
  method?: 'GET' | 'POST' | 'PUT';
  query?: Query;
  body?: unknown;
}

let lost = () => {};

/** What is done when nobody is signed in any more. */
export function onLost(act: () => void): void {
  lost = act;
}

export function address(path: string, query: Query = {}): string {
  const given = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== null && value !== '' && value !== false) given.set(name, String(value));
  }
  const text = given.toString();
  return `/api/v1/staff${path}${text === '' ? '' : `?${text}`}`;
}

/** Throws {@link Refused} for every status that is no success, {@link Unreachable} without an answer. */
export async function ask<Body>(path: string, asking: Asking = {}): Promise<Body> {
  const response = await send(path, asking);
  const text = await response.text().catch(() => {
    throw new Unreachable();
  });
  return read<Body>(response.status, text);
}

export const post = <Body>(path: string, body: unknown = {}) => ask<Body>(path, { method: 'POST', body });

async function send(path: string, asking: Asking): Promise<Response> {
  const abort = new AbortController();
  const stop = after(ANSWER_WITHIN_MS, () => abort.abort());
  const headers: Record<string, string> = { Accept: 'application/json' };
  const init: RequestInit = {
    method: asking.method ?? 'GET',
    headers,
    signal: abort.signal,
    credentials: 'same-origin',
    cache: 'no-store',
  };
  if (asking.body !== undefined) {
    headers['Content-Type'] = 'application/json';
    init.body = JSON.stringify(asking.body);
  }
  try {
    return await fetch(address(path, asking.query), init);
  } catch {
    throw new Unreachable();
  } finally {
    stop();
  }
}

function read<Body>(status: number, text: string): Body {
  let body: unknown = null;
  try {
    body = text === '' ? null : JSON.parse(text);
  } catch {
    body = null; // Not ours: a proxy in between. The status still says what happened.
  }
  if (status >= 200 && status < 300) return body as Body;
  const problem = (body ?? {}) as Partial<ProblemBody>;
  if (typeof problem.code !== 'string' && status >= 502) throw new Unreachable();
  const code = typeof problem.code === 'string' ? problem.code : `http_${status}`;
  if (status === 401 && code === 'not_signed_in') lost();
  throw new Refused(status, code, problem);
}

/** Sends a file as the body, and says how much of it has left, from 0 to 1. */
export function upload<Body>(path: string, query: Query, file: Blob, progress: (share: number) => void): Promise<Body> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('POST', address(path, query));
    request.setRequestHeader('Accept', 'application/json');
    request.setRequestHeader('Content-Type', 'application/octet-stream');
    request.upload.onprogress = (event) => progress(event.lengthComputable ? event.loaded / event.total : 0);
    request.onerror = () => reject(new Unreachable());
    request.onload = () => {
      try {
        resolve(read<Body>(request.status, request.responseText));
      } catch (trouble) {
        reject(trouble);
      }
    };
    request.send(file);
  });
}

/** A file that the server writes: its bytes, and how many things the format could not hold. */
export async function fetchFile(path: string, query: Query = {}): Promise<{ blob: Blob; losses: number }> {
  const response = await send(path, { query });
  if (!response.ok) read(response.status, await response.text());
  return { blob: await response.blob(), losses: Number(response.headers.get('bank-losses') ?? 0) };
}

/** Hands a file to the browser's downloads. */
export function save(blob: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  after(10_000, () => URL.revokeObjectURL(link.href));
}
