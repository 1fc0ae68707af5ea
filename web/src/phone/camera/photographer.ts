/**
 * Answers what photographs are asked for during a sitting: takes them as long as there is a camera,
 * keeps what cannot be sent, and sends one at a time. The sitting never waits for any of it.
 */
import { shallowRef, type ShallowRef } from 'vue';
import { ask, Refused } from '../../shared/api/http';
import { jittered } from '../../shared/chance';
import { after, pause, steadyNow } from '../../shared/clock';
import { endExcuse, excuseLeaving } from '../attempt/excuse';
import type { Failure } from './access';
import { Camera } from './camera';
import { takeOver, type Mode } from './handover';
import { Keeper, type Keeping } from './keeper';
import { dropWanted, forgetPhotos, keepNotes, keepWanted, keptNotes, keptWanted, type Notes } from './kept';
import { ofFile } from './picture';
import * as queues from './queue';
import type { Asked, Picture, Queue, Wanted } from './queue';
import { openSystemCamera } from './system_camera';
import { upload } from './upload';

/** What the candidate sees of it. */
export interface Photography {
  mode: Mode;
  keeping: Keeping;
  /** Why it is lost, where that is known. */
  failure: Failure | null;
  /** Whether a tap did not bring it back. */
  tapFailed: boolean;
  /** Whether the browser is asking. */
  asking: boolean;
  /** How many were taken for this attempt on this phone. */
  taken: number;
  /** How many requests wait for a camera. */
  waiting: number;
  /** Whether one was taken just now. */
  flash: boolean;
  /** Whether the last file that was chosen could not be read. */
  unreadable: boolean;
  withdrawn: boolean;
}

/** How long a photograph shows in the bar. */
const FLASH_MS = 1_000;

/** Two photographs that answer requests of the past are this far apart, or they would be one. */
const APART_MS = 4_000;

/** A camera that is live and gives no frame is looked at again after this. */
const SHOOT_AGAIN_MS = 2_000;

export class Photographer {
  readonly state: ShallowRef<Photography>;
  private readonly keeper: Keeper;
  private queue: Queue = [];
  private said: Notes['said'] = null;
  private inHand: Picture | null;
  private stopped = false;
  private shooting = false;
  private sending = false;
  private cancelSend: () => void = () => undefined;

  private constructor(
    private readonly attemptId: string,
    private readonly signal: (kind: 'camera_lost' | 'camera_back') => void,
    private readonly camera: Camera,
    notes: Notes,
    picture: Picture | null,
  ) {
    this.said = notes.said;
    this.inHand = picture;
    this.state = shallowRef<Photography>({
      mode: notes.mode,
      keeping: camera.isLive() ? 'live' : 'returning',
      failure: null,
      tapFailed: false,
      asking: false,
      taken: notes.taken,
      waiting: 0,
      flash: false,
      unreadable: false,
      withdrawn: false,
    });
    this.keeper = new Keeper(camera, (keeping, failure) => this.kept(keeping, failure));
  }

  /** Begins with what the device check handed over, or with what this phone remembers; without a camera where it `rests`. */
  static async begin(attemptId: string, signal: (kind: 'camera_lost' | 'camera_back') => void, rests: boolean): Promise<Photographer> {
    const over = takeOver(attemptId);
    const known = await keptNotes(attemptId);
    // Who began without a live camera has said so with the start.
    const fresh: Notes = over ? { mode: over.mode, said: over.mode === 'live' ? 'back' : 'lost', taken: 0 } : { mode: 'live', said: null, taken: 0 };
    const camera = (over && over.camera) || new Camera();
    const photographer = new Photographer(attemptId, signal, camera, known || fresh, over && over.picture);
    photographer.remember();
    photographer.queue = await keptWanted(attemptId, steadyNow());
    if (rests) photographer.rest(true);
    else void photographer.keeper.begin();
    photographer.go();
    return photographer;
  }

  /** The server wants photographs. */
  asked(asked: Asked[]): void {
    if (this.stopped) return;
    const before = this.queue;
    this.queue = queues.withAsked(before, asked, steadyNow());
    for (const wanted of this.queue) if (!before.includes(wanted)) this.keep(wanted);
    const { inHand } = this;
    if (inHand && queues.nextToShoot(this.queue)) {
      this.inHand = null;
      this.answer(inHand);
    }
    this.go();
  }

  /** The server can be reached again. */
  reached(): void {
    this.queue = queues.hurried(this.queue);
    this.go();
  }

  /** Nothing is answered any more, and nothing photographed: the camera is let go, or opened again. */
  rest(is: boolean): void {
    if (this.stopped) return;
    if (is) this.keeper.rest();
    else void this.keeper.begin();
  }

  /** The candidate taps: the camera is asked for, and if that failed before, the phone's camera app. */
  restore(): void {
    if (this.stopped || this.state.value.asking) return;
    if (this.offersFile()) return openSystemCamera((file) => void this.chosen(file));
    this.show({ asking: true, failure: null });
    excuseLeaving(); // The question of some browsers covers the page.
    void this.keeper.byTap().then((failure) => {
      endExcuse();
      this.show({ asking: false, tapFailed: failure !== null });
    });
    return undefined;
  }

  /** Whether a tap opens the phone's camera app: the live camera was tried, and a request waits. */
  offersFile(): boolean {
    const { mode, keeping, tapFailed, waiting } = this.state.value;
    return keeping !== 'live' && waiting > 0 && (mode === 'file' || tapFailed);
  }

  /** Takes the consent back: nothing is photographed from now on. False where the server was not told. */
  async withdraw(): Promise<boolean> {
    try {
      await ask(`/attempts/${this.attemptId}/consents/snapshots/withdraw`, { method: 'POST' });
    } catch (error) {
      // Where there is no consent any more, it was taken back elsewhere.
      if (!(error instanceof Refused) || error.code !== 'no_consent') return false;
    }
    this.queue = [];
    this.stop(true);
    this.show({ withdrawn: true, waiting: 0 });
    return true;
  }

  /**
   * The sitting ends here. What was taken before is still sent when the attempt is `over`; what another
   * page or phone goes on with is left to it.
   */
  stop(over: boolean): void {
    if (this.stopped) return;
    this.stopped = true;
    this.keeper.stop();
    if (!over) {
      this.queue = [];
      this.cancelSend();
      return;
    }
    this.queue = this.queue.filter(({ picture }) => picture !== null);
    void forgetPhotos(this.attemptId).catch(() => null);
    void this.send();
  }

  private show(change: Partial<Photography>): void {
    this.state.value = { ...this.state.value, ...change, waiting: queues.waiting(this.queue) };
  }

  private kept(keeping: Keeping, failure: Failure | null): void {
    const live = keeping === 'live';
    this.show({ keeping, failure });
    if (live) this.show({ mode: 'live', tapFailed: false, unreadable: false });
    const said = live ? 'back' : 'lost';
    if (said !== this.said) {
      this.said = said;
      this.signal(live ? 'camera_back' : 'camera_lost');
    }
    this.remember();
    this.go();
  }

  /** Outlives the page; not the sitting. */
  private keep(wanted: Wanted): void {
    void keepWanted(this.attemptId, wanted, steadyNow(), () => !this.stopped).catch(() => null);
  }

  private remember(): void {
    if (this.stopped) return;
    const { mode, taken } = this.state.value;
    void keepNotes(this.attemptId, { mode, said: this.said, taken }).catch(() => null);
  }

  /** Goes on with whatever can be done now. */
  private go(): void {
    const now = steadyNow();
    const living = queues.withoutStale(this.queue, now);
    for (const wanted of this.queue) if (!living.includes(wanted)) void dropWanted(this.attemptId, wanted.id).catch(() => null);
    this.queue = living;
    this.show({});
    void this.shoot();
    void this.send();
  }

  private async shoot(): Promise<void> {
    if (this.shooting) return;
    this.shooting = true;
    while (!this.stopped && this.camera.isLive() && queues.nextToShoot(this.queue)) {
      const jpeg = await this.camera.shoot();
      const wanted = queues.nextToShoot(this.queue);
      if (jpeg && wanted && !this.stopped) this.answer({ jpeg, byHand: false, label: this.camera.label() });
      if (queues.nextToShoot(this.queue)) await pause(jpeg ? APART_MS : SHOOT_AGAIN_MS);
    }
    this.shooting = false;
  }

  private async chosen(file: File): Promise<void> {
    endExcuse();
    const jpeg = await ofFile(file);
    this.show({ unreadable: jpeg === null });
    if (jpeg) this.answer({ jpeg, byHand: true, label: '' });
  }

  /** One picture answers one request: the same file again would look like a trick. */
  private answer(picture: Picture): void {
    const wanted = queues.nextToShoot(this.queue);
    if (!wanted) return;
    this.queue = queues.withPicture(this.queue, wanted.id, picture);
    this.keep({ ...wanted, picture });
    this.show({ taken: this.state.value.taken + 1, flash: true });
    after(FLASH_MS, () => this.show({ flash: false }));
    this.remember();
    void this.send();
  }

  /** One after the other, the oldest first. */
  private async send(): Promise<void> {
    if (this.sending) return;
    this.sending = true;
    this.cancelSend();
    for (let next = queues.nextToSend(this.queue, steadyNow()); next; next = queues.nextToSend(this.queue, steadyNow())) {
      const { id, picture, failures } = next;
      const outcome = await upload(this.attemptId, id, picture!);
      const waitMs = jittered(queues.againAfterMs(failures + 1));
      this.queue = queues.withoutStale(queues.settled(this.queue, id, outcome, { now: steadyNow(), waitMs }), steadyNow());
      if (outcome !== 'again') void dropWanted(this.attemptId, id).catch(() => null);
    }
    this.sending = false;
    const at = queues.nextSendAt(this.queue);
    if (at !== null) this.cancelSend = after(Math.max(50, at - steadyNow()), () => void this.send());
  }
}
