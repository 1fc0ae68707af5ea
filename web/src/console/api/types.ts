/** The wire's shapes under the names of the product's vocabulary. */
import type { components } from '../../shared/api/schema';
import type { FileProblem } from '../logic/problems';
import type { Unit } from '../logic/unit';

type Schemas = components['schemas'];

export const ROLES = ['author', 'approver', 'invigilator', 'officer', 'operator'] as const;
export type Role = (typeof ROLES)[number];

export interface Member {
  staff_id: string;
  login: string;
  name: string;
  roles: Role[];
  institutions: string[] | null;
  enrolled: boolean;
  disabled: boolean;
  version: number;
}
export interface Me {
  staff_id: string;
  login: string;
  name: string;
  roles: Role[];
}
export type SignInReply = Schemas['StaffSignInReply'];
export type EnrolBeginReply = Schemas['EnrolBeginReply'];
export type EnrolmentReply = Schemas['EnrolmentReply'];

export type Bank = Schemas['BankView'];
export type UnitView = Schemas['UnitView'];
export type UnitPage = Schemas['UnitPage'];
export type Cell = Schemas['Cell'];
export type ImportRow = Schemas['ImportRow'];

/** Two items that say nearly the same. */
export interface Pair {
  first: string;
  second: string;
  similarity: number;
  same: boolean;
  in_bank: boolean;
}
export type ImportReply = Omit<Schemas['ImportReply'], 'problems' | 'similar' | 'similar_units'> & {
  problems: FileProblem[];
  similar: Pair[];
  similar_units: Unit[];
};

export interface Change {
  item: string | null;
  field: string;
  place: number | null;
  before: string | null;
  after: string | null;
}
export interface Version {
  version: number;
  import_no: number;
  state: string;
  imported_by: string;
  imported_at_ms: number;
  decided_by: string | null;
  decided_at_ms: number | null;
  rejected_because: string | null;
  withdrawn_by: string | null;
  withdrawn_at_ms: number | null;
  withdrawn_because?: string | null;
  file: string;
  changes: Change[];
}

export type ExamEntry = Schemas['ExamEntry'];
export interface ExamDetail {
  exam_id: string;
  title: string;
  revision: number;
  definition: Record<string, unknown>;
}
export type CheckReply = Schemas['CheckReply'];
export interface Stock {
  title: string;
  item_type: string;
  need: number;
  items: number;
  cells: { topic: string; difficulty: string; units: number; items: number; for_others: number }[];
}
export interface Forecast {
  papers: number;
  slots: number;
  expected_items: { mean: number; deviation: number; least: number; most: number };
  stock: number;
  never_drawn: number;
  most_drawn_share: number;
  seen_again: number[];
}
export interface Trial {
  title: string;
  rows: { sections: Stock[]; short: string[]; forecast: Forecast | null }[];
}

export type CandidateView = Schemas['CandidateView'];
export type CandidatePage = Schemas['CandidatePage'];
export type Institution = Schemas['InstitutionView'];
export interface RowProblem {
  row: number;
  column?: number | string | null;
  field?: string | null;
  code: string;
  message: string;
  english: string;
}
export interface RosterReply {
  people: number;
  problems: RowProblem[];
  warnings: RowProblem[];
  codes: string | null;
}
export type AttemptEntry = Schemas['AttemptEntry'];
export type AttemptPage = Schemas['AttemptPage'];
export interface BulkReply {
  bulk_id: string | null;
  attempts: number;
}
export interface BulkView {
  attempts: number;
  done: number;
  refused: number;
  items: { attempt_id: string; state: string; detail: string }[];
  next: string | null;
}
export interface AuditEntry {
  audit_no: number;
  at_ms: number;
  actor: string;
  actor_name: string | null;
  action: string;
  object: string;
  reason: string;
  before: unknown;
  after: unknown;
  sealed: boolean;
}
export interface AuditPage {
  entries: AuditEntry[];
  next: number | null;
  total: number;
}
