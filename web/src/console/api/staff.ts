/** What staff ask of the server, one function an act. */
import { unitOf } from '../logic/alike';
import type { Pictures } from '../logic/pictures';
import type { Unit } from '../logic/unit';
import { ask, post, Refused, upload, type Query } from './client';
import type * as T from './types';

const part = encodeURIComponent;

export const signIn = (body: { login: string; password: string; totp?: string; recovery_code?: string }) =>
  post<T.SignInReply>('/sign-in', body);
export const signOut = () => post<null>('/sign-out');
export const me = () => ask<T.Me>('/me');
export const enrolBegin = (token: string) => post<T.EnrolBeginReply>('/enrol/begin', { token });
export const enrol = (body: { token: string; password: string; totp: string }) =>
  post<{ recovery_codes: string[] }>('/enrol', body);

export const banks = async () => (await ask<{ banks: T.Bank[] }>('/banks')).banks;
export const makeBank = (name: string) => post<{ bank_id: string }>('/banks', { name });
export const units = (bank: string, query: Query) => ask<T.UnitPage>(`/banks/${bank}/units`, { query });
export const cells = async (bank: string, query: Query) => (await ask<{ cells: T.Cell[] }>(`/banks/${bank}/cells`, { query })).cells;
export interface Shown {
  unit: Unit;
  pictures: Pictures;
}
/** A unit with the files of its pictures; without a version, the newest. */
export async function shown(bank: string, code: string, version?: number): Promise<Shown> {
  const file = await ask<{ units: Unit[]; pictures?: Pictures }>(`/banks/${bank}/units/${part(code)}`, { query: { version } });
  return { unit: file.units[0]!, pictures: file.pictures ?? {} };
}
export const unit = async (bank: string, code: string) => (await shown(bank, code)).unit;

/** The newest unit of a code, or that with an item of this code; nothing where there is none any more. */
export async function unitWith(bank: string, code: string): Promise<Unit | undefined> {
  const found = await unit(bank, code).catch((error: unknown) => {
    if (error instanceof Refused && error.status === 404) return undefined;
    throw error;
  });
  if (found) return found;
  // An item of a group: only the search knows whose it is.
  const groups = (await units(bank, { text: code, limit: 50 })).units.filter((one) => one.items > 1);
  return unitOf(await Promise.all(groups.map((one) => unit(bank, one.code))), code);
}

export const versions = async (bank: string, code: string) =>
  (await ask<{ versions: T.Version[] }>(`/banks/${bank}/units/${part(code)}/versions`)).versions;
export const withdraw = (bank: string, code: string, reason: string) =>
  post<{ revision: number }>(`/banks/${bank}/units/${part(code)}/withdraw`, { reason });
export const imports = async (bank: string) => (await ask<{ imports: T.ImportRow[] }>(`/banks/${bank}/imports`)).imports;
export const importFile = (bank: string, query: Query, file: Blob, progress: (share: number) => void) =>
  upload<T.ImportReply>(`/banks/${bank}/imports`, query, file, progress);
export const approve = (bank: string, no: number, reason: string) =>
  post<{ units: number }>(`/banks/${bank}/imports/${no}/approve`, { reason });
export const reject = (bank: string, no: number, reason: string) =>
  post<null>(`/banks/${bank}/imports/${no}/reject`, { reason });

export const exams = async () => (await ask<{ exams: T.ExamEntry[] }>('/exams')).exams;
export const exam = (id: string) => ask<T.ExamDetail>(`/exams/${id}`);
export const check = (definition: string) => post<T.CheckReply>('/exams/check', { definition });
export const simulate = (definition: string, papers: number, attempts: number) =>
  post<T.Trial>('/exams/simulate', { definition, papers, attempts });
export const publish = (definition: string, revision: number, reason: string) =>
  post<{ exam_id: string }>('/exams', { definition, revision, reason });
export const extendMany = (exam: string, body: Record<string, unknown>) => post<T.BulkReply>(`/exams/${exam}/extend`, body);
export const bulk = (id: string) => ask<T.BulkView>(`/bulk/${id}`);

export const attempts = (query: Query) => ask<T.AttemptPage>('/attempts', { query });
export const act = (attempt: string, what: string, body: Record<string, unknown>) => post<unknown>(`/attempts/${attempt}/${what}`, body);

export const candidates = (query: Query) => ask<T.CandidatePage>('/candidates', { query });
export const institutions = async () => (await ask<{ institutions: T.Institution[] }>('/institutions')).institutions;
export const resetPassword = (candidate: string, reason: string) =>
  post<{ code: string; expires_at_ms: number }>(`/candidates/${candidate}/reset`, { reason });
export const importRoster = (query: Query, file: Blob, progress: (share: number) => void) =>
  upload<T.RosterReply>('/roster/imports', query, file, progress);

export const members = async () => (await ask<{ members: T.Member[] }>('/members')).members;
export const addMember = (body: Record<string, unknown>) => post<T.EnrolmentReply>('/members', body);
export const changeMember = (id: string, body: Record<string, unknown>) =>
  ask<T.Member>(`/members/${id}`, { method: 'PUT', body });
export const renewMember = (id: string, reason: string) => post<T.EnrolmentReply>(`/members/${id}/renew`, { reason });
export const audit = (query: Query) => ask<T.AuditPage>('/audit', { query });
