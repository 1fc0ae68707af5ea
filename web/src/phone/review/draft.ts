/** An objection that is being written: it stays on the phone until it was sent. */
import { vault, type Kept } from '../storage';

const keyOf = (attemptId: string) => `appeal/${attemptId}`;

/** The most characters that the server takes. */
export const CHARS_MAX = 2_000;

/** As the server counts them: without the space around, and an emoji is one. */
export function charsOf(text: string): number {
  return Array.from(text.trim()).length;
}

export async function keptDraft(attemptId: string): Promise<string> {
  const kept = await (await vault()).read(keyOf(attemptId));
  return typeof kept === 'string' ? kept : '';
}

/** Keeps it, and says where; an empty one is forgotten. */
export async function keepDraft(attemptId: string, text: string): Promise<Kept> {
  const kept = await vault();
  await kept.write([{ key: keyOf(attemptId), value: text === '' ? undefined : text }]);
  return kept.kept();
}
