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

/** How soon somebody should look at something; nothing of it accuses anybody. */
export type Severity = 'note' | 'look' | 'first';
export type Phase = 'running' | 'paused' | 'locked' | 'closed' | 'voided';
export type Flag = Omit<Schemas['Flag'], 'severity'> & { severity: Severity };
export type Tile = Omit<Schemas['Tile'], 'phase' | 'severity' | 'flags'> & { phase: Phase; severity: Severity | null; flags: Flag[] };
export type WallView = Omit<Schemas['WallView'], 'tiles'> & { tiles: Tile[] };
export type Admission = Schemas['AdmissionView'];
export type AdmissionList = Schemas['AdmissionList'];

export type Incident = Omit<Schemas['IncidentView'], 'severity'> & { severity: Severity };
export type Snapshot = Schemas['SnapshotView'];
export type SignalKind = 'hidden' | 'shown' | 'blurred' | 'focused' | 'call' | 'camera_lost' | 'camera_back' | 'offline' | 'online';

/** A line of what happened; `staff` is an id, whose name stands beside the evidence. */
export type TimelineEntry = { at_ms: number } & (
  | { what: 'started' }
  | { what: 'opened'; other: boolean }
  | { what: 'signal'; kind: SignalKind }
  | { what: 'extended'; added_ms: number; staff: string | null; reason: string }
  | { what: 'resumed'; staff: string | null }
  | { what: 'paused' | 'locked' | 'unlocked' | 'told' | 'voided' | 'reinstated'; staff: string | null; reason: string }
  | { what: 'closed'; by: string; staff: string | null; reason: string }
);

export const REVIEW_STATES = ['waiting', 'normal', 'suspicious', 'violation', 'void_proposed', 'void', 'appealed'] as const;
export type ReviewState = (typeof REVIEW_STATES)[number];
export type Step = Schemas['StepView'];
export type ReviewView = Omit<Schemas['ReviewView'], 'state'> & { state: ReviewState };
export type Evidence = Omit<Schemas['Evidence'], 'timeline' | 'incidents' | 'review'> & {
  timeline: TimelineEntry[];
  incidents: Incident[];
  review: ReviewView;
};
export type ReviewEntry = Omit<Schemas['ReviewEntry'], 'incidents' | 'severity' | 'state'> & {
  incidents: Incident[];
  severity: Severity | null;
  state: ReviewState;
};
export type ReviewPage = Omit<Schemas['ReviewPage'], 'reviews'> & { reviews: ReviewEntry[] };
export type AttemptState = Omit<Schemas['AttemptState'], 'state'> & { state: Phase };
