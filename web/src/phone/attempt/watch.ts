/**
 * What stands between a sitting and its photographs: finds out whether any are asked for, and only
 * then fetches what takes them. Nothing of it may throw into the sitting, or hold it up.
 */
import { shallowRef } from 'vue';
import { ask, Refused } from '../../shared/api/http';
import type { DueSnapshots } from '../../shared/api/types';
import { jittered } from '../../shared/chance';
import { after } from '../../shared/clock';
import type { Photographer } from '../camera/photographer';
import type { Asked } from '../camera/queue';
import type { SignalKind } from './model';

/** The exam itself comes first on a weak network. */
const LATER_MS = 1_000;

/** How long a question without an answer waits for its next try. */
const AGAIN_MS = 15_000;

export class Watch {
  /** Who takes the photographs; null where nobody does, or not yet. */
  readonly photographer = shallowRef<Photographer | null>(null);
  private watched: boolean | null = null;
  private asked: Asked[] = [];
  private beginning = false;
  private asking = false;
  private stopped = false;
  private away = false;
  private rests = false;
  private cancelAsk: () => void = () => undefined;

  constructor(
    private readonly attemptId: string,
    private readonly signal: (kind: SignalKind) => void,
  ) {}

  /** The server can be reached. */
  reached(): void {
    if (this.photographer.value) this.photographer.value.reached();
    else if (this.watched === null) this.askSoon(LATER_MS);
    else if (this.watched) void this.begin();
  }

  /** The server wants a photograph. */
  wanted(asked: Asked[]): void {
    if (this.stopped || this.away || asked.length === 0) return;
    this.watched = true;
    if (this.photographer.value) return this.photographer.value.asked(asked);
    this.asked = this.asked.concat(asked);
    void this.begin();
    return undefined;
  }

  /** Asks whether this attempt is watched, and what is due; a phone without a socket hears it no other way. */
  async poll(): Promise<void> {
    if (this.asking || this.stopped || this.away || this.watched === false) return;
    this.asking = true;
    try {
      const { watched, due } = (await ask<DueSnapshots>(`/attempts/${this.attemptId}/snapshots`)).body;
      if (this.watched === null) this.watched = watched === undefined ? due.length > 0 || null : watched;
      this.wanted(due);
      if (this.watched) void this.begin();
    } catch (error) {
      if (error instanceof Refused && error.status < 500 && error.status !== 429) this.watched = this.watched || false;
      else this.askSoon(jittered(AGAIN_MS));
    } finally {
      this.asking = false;
    }
  }

  /** Whether this page is the one that writes; the camera of another is let go. */
  stand(here: boolean): void {
    this.away = !here;
    const { value } = this.photographer;
    if (here || !value) return;
    value.stop(false);
    this.photographer.value = null;
    this.watched = null; // The consent may be taken back on the other device: it is asked anew.
  }

  /** Whether nothing can be answered any more, or for now: then nothing is photographed. */
  rest(is: boolean): void {
    this.rests = is;
    if (this.photographer.value) this.photographer.value.rest(is);
  }

  /** The sitting ends on this page; `over` where the attempt does, too. */
  stop(over: boolean): void {
    this.stopped = true;
    this.cancelAsk();
    if (this.photographer.value) this.photographer.value.stop(over);
  }

  private askSoon(ms: number): void {
    this.cancelAsk();
    this.cancelAsk = after(ms, () => void this.poll());
  }

  private async begin(): Promise<void> {
    if (this.photographer.value || this.beginning || this.away || this.stopped) return;
    this.beginning = true;
    try {
      const { Photographer } = await import('../camera/photographer');
      const photographer = await Photographer.begin(this.attemptId, this.signal, this.rests);
      if (this.stopped || this.away) return photographer.stop(false);
      this.photographer.value = photographer;
      photographer.asked(this.asked);
      this.asked = [];
    } catch (_) {
      // Without network, and not kept yet: tried again when the server is reached.
    } finally {
      this.beginning = false;
    }
    return undefined;
  }
}
