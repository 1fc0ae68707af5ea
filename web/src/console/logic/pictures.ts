/** Pictures of items: chosen by an author, kept in the loss-free format. */
import type { Item, Unit } from './unit';

/** A picture that a text shows, by the name that the file gives it. */
export interface Media {
  picture: string;
  /** What it shows, for whoever cannot see it. */
  words?: string;
}

/** Files in base64, by name. */
export type Pictures = Record<string, string>;

/** Bigger ones the server would write anew, and the author would not see how. */
export const PICTURE_BYTES_MAX = 2 << 20;

/** The longest words that the server keeps. */
export const WORDS_CHARS_MAX = 200;

/** How the files of each kind begin, in base64. */
const KINDS = { png: ['iVBORw0KGgo', 'image/png'], jpg: ['/9j/', 'image/jpeg'] } as const;
type Kind = keyof typeof KINDS;

function kindOf(base64: string): Kind | null {
  return (Object.keys(KINDS) as Kind[]).find((kind) => base64.startsWith(KINDS[kind][0])) ?? null;
}

/** An address that shows it; nothing for what is no picture. */
export function addressOf(base64: string | undefined): string | null {
  const kind = kindOf(base64 ?? '');
  return kind === null ? null : `data:${KINDS[kind][1]};base64,${base64}`;
}

/** A name that no other picture has. */
export function freeName(pictures: Pictures, base64: string): string {
  let number = 1;
  const name = () => `p${number}.${kindOf(base64) ?? 'png'}`;
  while (name() in pictures) number++;
  return name();
}

/** The file's bytes, or why it is not taken. */
export async function readPicture(file: Blob): Promise<{ base64: string } | { refused: 'size' | 'kind' }> {
  if (file.size > PICTURE_BYTES_MAX) return { refused: 'size' };
  const base64 = await new Promise<string>((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).replace(/^[^,]*,/, ''));
    reader.onerror = () => reject(reader.error ?? new Error('unread'));
    reader.readAsDataURL(file);
  });
  return kindOf(base64) === null ? { refused: 'kind' } : { base64 };
}

/** All that a unit shows, of its case and of its items. */
export const mediaOf = (unit: Unit): Media[] =>
  [unit, ...(unit.items ?? [])].reduce<Media[]>((all, { media }: Item | Unit) => [...all, ...(media ?? [])], []);
