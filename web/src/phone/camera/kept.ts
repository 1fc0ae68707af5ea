/** What of the photographs outlives the page: which are wanted, and those that were not sent yet. */
import { wallNow } from '../../shared/clock';
import { photoVault } from '../storage';
import type { Mode } from './handover';
import { LATE_MS_MAX, type Wanted } from './queue';

/** What a page that comes back has to know. */
export interface Notes {
  mode: Mode;
  /** What the server was last told of the camera. */
  said: 'lost' | 'back' | null;
  taken: number;
}

interface KeptWanted {
  id: string;
  askedAtWallMs: number;
  /** Bytes and not a Blob: some browsers keep no Blobs. */
  picture: { jpeg: ArrayBuffer; byHand: boolean; label: string } | null;
}

const notesKey = (attemptId: string) => `photos/${attemptId}/notes`;
const wantedPrefix = (attemptId: string) => `photos/${attemptId}/wanted/`;

export async function keptNotes(attemptId: string): Promise<Notes | null> {
  const vault = await photoVault();
  return ((await vault.read(notesKey(attemptId))) as Notes | undefined) || null;
}

export async function keepNotes(attemptId: string, notes: Notes): Promise<void> {
  await (await photoVault()).write([{ key: notesKey(attemptId), value: notes }]);
}

/** What was wanted when the page went, at `now` of the steady clock. */
export async function keptWanted(attemptId: string, now: number): Promise<Wanted[]> {
  const kept = (await (await photoVault()).readAll(wantedPrefix(attemptId))) as KeptWanted[];
  const wall = wallNow();
  return kept
    .filter(({ askedAtWallMs }) => wall - askedAtWallMs < LATE_MS_MAX)
    .map(({ id, askedAtWallMs, picture }) => ({
      id,
      askedAt: now - Math.max(0, wall - askedAtWallMs),
      picture: picture && { ...picture, jpeg: new Blob([picture.jpeg], { type: 'image/jpeg' }) },
      failures: 0,
      sendAt: 0,
    }));
}

/** Keeps one as it is now, if it is still to be kept when its bytes are there. */
export async function keepWanted(attemptId: string, { id, askedAt, picture }: Wanted, now: number, isWanted: () => boolean): Promise<void> {
  const bytes = picture && { ...picture, jpeg: await new Response(picture.jpeg).arrayBuffer() };
  if (!isWanted()) return;
  const value: KeptWanted = { id, askedAtWallMs: wallNow() - (now - askedAt), picture: bytes };
  await (await photoVault()).write([{ key: wantedPrefix(attemptId) + id, value }]);
}

export async function dropWanted(attemptId: string, id: string): Promise<void> {
  await (await photoVault()).write([{ key: wantedPrefix(attemptId) + id, value: undefined }]);
}

export async function forgetPhotos(attemptId: string): Promise<void> {
  await (await photoVault()).remove(`photos/${attemptId}/`);
}
