/** Sends one photograph to the request that it answers. */
import { ask, Refused } from '../../shared/api/http';
import { steadyNow } from '../../shared/clock';
import { forgetPhotos, keptWanted } from './kept';
import { outcomeOf, type Outcome, type Picture } from './queue';

/** A photograph needs seven seconds at 50 kbit/s, when nothing else is on its way. */
const SENT_WITHIN_MS = 60_000;

export async function upload(attemptId: string, id: string, { jpeg, byHand, label }: Picture): Promise<Outcome> {
  const query = [byHand ? 'by_hand=true' : '', label ? `camera=${encodeURIComponent(label)}` : ''].filter(Boolean).join('&');
  try {
    await ask(`/attempts/${attemptId}/snapshots/${id}${query ? `?${query}` : ''}`, { method: 'PUT', file: jpeg, withinMs: SENT_WITHIN_MS });
    return 'done';
  } catch (error) {
    return error instanceof Refused ? outcomeOf(error.status) : 'again';
  }
}

/** What a page that was closed left behind of an attempt that is over: sent once, and then forgotten. */
export async function sendLeftPhotos(attemptId: string): Promise<void> {
  for (const { id, picture } of await keptWanted(attemptId, steadyNow())) if (picture) await upload(attemptId, id, picture);
  await forgetPhotos(attemptId);
}
