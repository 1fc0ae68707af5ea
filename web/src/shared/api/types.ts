/** The wire's shapes under the names of the product's vocabulary. */
import type { components } from './schema';

type Schemas = components['schemas'];

export type SignInReply = Schemas['SignInReply'];
export type Me = Schemas['Me'];
export type ExamView = Schemas['ExamView'];
export type ExamButton = 'resume' | 'exempt' | 'passed' | 'blocked' | 'not_open' | 'closed' | 'failed' | 'enter';
export type NoticeView = Omit<Schemas['NoticeView'], 'consents'> & { consents: Consent[] };
export type Started = Schemas['Started'];
export type HistoryEntry = Schemas['HistoryEntry'];
export type EventsReply = Omit<Schemas['EventsReply'], 'state'> & { state: Phase };
export type Nack = Schemas['Nack'];
export type NackCode = Schemas['NackCode'];
export type ResultView = Omit<Schemas['ResultView'], 'receipt'> & { receipt: Receipt };
export type AttemptState = Omit<Schemas['AttemptState'], 'state' | 'responses'> & {
  state: Phase;
  responses: Record<string, string[]>;
};

export type Phase = 'running' | 'paused' | 'locked' | 'closed' | 'voided';

/** A text that is agreed to or refused before an exam. */
export interface Consent {
  kind: string;
  version: string;
  text: string;
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
