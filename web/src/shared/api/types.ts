/** The wire's shapes under the names of the product's vocabulary. */
import type { components } from './schema';

type Schemas = components['schemas'];

export type SignInReply = Schemas['SignInReply'];
export type Me = Schemas['Me'];
export type ExamView = Schemas['ExamView'];
export type ExamButton = 'resume' | 'exempt' | 'passed' | 'blocked' | 'not_open' | 'closed' | 'failed' | 'enter';
export type NoticeView = Omit<Schemas['NoticeView'], 'consents' | 'proctoring'> & { consents: Consent[]; proctoring?: Proctoring | null };
export type Started = Schemas['Started'];
export type HistoryEntry = Schemas['HistoryEntry'];
export type EventsReply = Omit<Schemas['EventsReply'], 'state'> & { state: Phase };
export type Nack = Schemas['Nack'];
export type NackCode = Schemas['NackCode'];
export type ResultView = Omit<Schemas['ResultView'], 'receipt'> & { receipt: Receipt };
export type AttemptState = Omit<Schemas['AttemptState'], 'state' | 'responses' | 'told'> & {
  state: Phase;
  responses: Record<string, string[]>;
  /** What an invigilator said last. */
  told?: { number: number; text: string } | null;
};

export type Phase = 'running' | 'paused' | 'locked' | 'closed' | 'voided';

/** A text that is agreed to or refused before an exam. */
export interface Consent {
  kind: string;
  version: string;
  text: string;
}

/** How an exam that takes photographs goes about it. */
export interface Proctoring {
  snapshots: number;
  without_camera: 'flag' | 'supervised' | 'on_site';
  /** Where it is sat without a camera, and whom to turn to; may be empty. */
  place: string;
  keep_days: number;
  appeal_days: number;
}

/** The photographs that are asked for now. */
export interface DueSnapshots {
  /** Whether any are asked for in this attempt; older servers do not say. */
  watched?: boolean;
  due: { request_id: string; until_ms: number }[];
}

/** What a candidate keeps of a closed attempt. */
export interface Receipt {
  attempt_id: string;
  last_seq: number;
  answered: number;
  closed_at_ms: number;
  digest: string;
}

/** The paper as the protocol has it; the server's description leaves its shape to the protocol. */
export interface Paper {
  attempt_id: string;
  title: string;
  groups: PaperGroup[];
  slots: PaperSlot[];
}

export interface PaperGroup {
  group: number;
  kind: string;
  stem: string;
  options: PaperOption[];
}

export type ItemType = 'A1' | 'A2' | 'A3' | 'A4' | 'B1' | 'X' | 'single' | 'multiple' | 'judge';

export interface PaperSlot {
  slot: number;
  type: ItemType;
  group: number | null;
  stem: string;
  options: PaperOption[];
  points: number;
  choose: 'one' | 'many';
  media: PaperMedium[];
}

export interface PaperOption {
  id: string;
  text: string;
}

export interface PaperMedium {
  id: string;
  url: string;
  mime: string;
  width: number;
  height: number;
  alt: string;
}
