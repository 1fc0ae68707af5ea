import type { components } from './schema';
import { after } from '../clock';

export type ProblemBody = components['schemas']['Problem'];

/** The server refused, and said why. */
export class Refused extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly problem: Partial<ProblemBody>,
  ) {
    super(code);
  }
}

/** Nobody answered: no network, or a server that is away. */
export class Unreachable extends Error {}

/** How long an answer may take. A weak network needs ten seconds for a paper. */
const ANSWER_WITHIN_MS = 20_000;

export interface Asking {
  method?: 'GET' | 'POST' | 'PUT';
  body?: unknown;
  /** A file in place of a body. */
  file?: Blob;
  headers?: Record<string, string>;
  withinMs?: number;
}

/** The answer of the server: its body, and when it was given on the server's clock. */
export interface Answer<Body> {
  status: number;
  body: Body;
  /** Server time, to the second; null where the header is missing. */
  dateMs: number | null;
}

/**
 * Asks the server of this page. The browser adds the sign-in by itself.
 *
 * Throws {@link Refused} for every status that is no success, and {@link Unreachable} where no
 * answer came in time.
 */
export async function ask<Body>(path: string, asking: Asking = {}): Promise<Answer<Body>> {
  const abort = new AbortController();
  const stop = after(asking.withinMs ?? ANSWER_WITHIN_MS, () => abort.abort());
  try {
    return await answered<Body>(await send(path, asking, abort.signal));
  } finally {
    stop();
  }
}

/** Reads an answer; throws as {@link ask} does. */
export async function answered<Body>(response: Response): Promise<Answer<Body>> {
  const text = await response.text().catch(() => {
    throw new Unreachable();
  });
  const body = parse(text);
  if (!response.ok) throw refusal(response.status, body);
  const date = Date.parse(response.headers.get('date') || '');
  return { status: response.status, body: body as Body, dateMs: isNaN(date) ? null : date };
}

function send(path: string, asking: Asking, signal: AbortSignal): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json', ...asking.headers };
  const init: RequestInit = { method: asking.method || 'GET', headers, signal, credentials: 'same-origin', cache: 'no-store' };
  if (asking.body !== undefined) {
    headers['Content-Type'] = 'application/json';
    init.body = JSON.stringify(asking.body);
  }
  if (asking.file) {
    headers['Content-Type'] = asking.file.type;
    init.body = asking.file;
  }
  return fetch(`/api/v1${path}`, init).catch(() => {
    throw new Unreachable();
  });
}

function parse(text: string): unknown {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch (_) {
    return null; // Not ours: a proxy in between. The status still says what happened.
  }
}

function refusal(status: number, body: unknown): Refused | Unreachable {
  const problem = (body || {}) as Partial<ProblemBody>;
  // A gateway's own error page says that the server behind it is away.
  if (typeof problem.code !== 'string' && status >= 502) return new Unreachable();
  return new Refused(status, typeof problem.code === 'string' ? problem.code : `http_${status}`, problem);
}
