/** Gets a lost camera back by itself, as long as that asks the candidate nothing. */
import { jittered } from '../../shared/chance';
import { after, pause } from '../../shared/clock';
import { isGranted, type Failure } from './access';
import type { Camera } from './camera';

export type Keeping =
  | 'live'
  | 'returning' // It is gone, and a first try to get it back is on its way.
  | 'lost'; // It does not come back by itself, or not soon.

/** The first wait before it is tried again, doubled by each try that fails. */
const AGAIN_MS = 1_000;
const AGAIN_MS_MAX = 30_000;

/** A try that has no answer by then is a question on the screen, or an app that does not let go. */
const RETURNS_WITHIN_MS = 5_000;

/** A tap that has no answer by then is none: the button is there again, and the camera app beside it. */
const TAP_WITHIN_MS = 15_000;

export class Keeper {
  private failures = 0;
  private mayTry = false;
  private trying = false;
  private tapping = false;
  private stopped = false;
  private resting = false;
  private cancelTry: () => void = () => undefined;
  private readonly onSeen = () => this.seen();
  private readonly onDevice = () => this.hurry();

  constructor(
    private readonly camera: Camera,
    private readonly tell: (keeping: Keeping, failure: Failure | null) => void,
  ) {
    camera.heard = (live) => this.changed(live);
    document.addEventListener('visibilitychange', this.onSeen);
    const devices = navigator.mediaDevices as MediaDevices | undefined;
    if (devices && devices.addEventListener) devices.addEventListener('devicechange', this.onDevice);
  }

  /** Takes a camera over that may be open already, or opens it where no question comes of it. */
  async begin(): Promise<void> {
    this.resting = false;
    this.mayTry = this.mayTry || this.camera.isLive() || (await isGranted());
    if (this.stopped || this.resting) return;
    if (this.camera.isLive()) this.changed(true);
    else if (this.mayTry) await this.tryAgain();
    else this.tell('lost', null);
  }

  /** The candidate asks for it; the browser may ask back. */
  async byTap(): Promise<Failure | null> {
    this.cancelTry();
    this.trying = false; // A try that hangs is overtaken.
    this.tapping = true;
    const opening = this.camera.open();
    const late = Symbol('late');
    const answer = await Promise.race([opening, pause(TAP_WITHIN_MS).then((): typeof late => late)]);
    this.tapping = false;
    const failure = answer === late ? 'other' : answer;
    if (this.stopped || this.resting) return failure;
    // Whoever allows it after all has it.
    if (answer === late) void opening.then((found) => found === null && !this.stopped && this.tried(null));
    if (failure === null) this.mayTry = true;
    this.tried(failure);
    return failure;
  }

  /** Lets the camera go until it begins again. */
  rest(): void {
    this.mayTry = this.mayTry || this.camera.isLive();
    this.resting = true;
    this.trying = false;
    this.cancelTry();
    this.camera.letGo();
  }

  stop(): void {
    this.stopped = true;
    this.cancelTry();
    this.camera.heard = () => undefined;
    document.removeEventListener('visibilitychange', this.onSeen);
    const devices = navigator.mediaDevices as MediaDevices | undefined;
    if (devices && devices.removeEventListener) devices.removeEventListener('devicechange', this.onDevice);
    this.camera.stop();
  }

  private changed(live: boolean): void {
    this.cancelTry();
    this.failures = 0;
    if (live) return this.tell('live', null);
    this.tell('returning', null);
    return this.plan();
  }

  private seen(): void {
    if (document.visibilityState !== 'visible') return;
    this.camera.seen();
    this.hurry();
  }

  private hurry(): void {
    if (!this.camera.isLive()) void this.tryAgain();
  }

  private plan(): void {
    this.cancelTry();
    if (!this.mayTry || this.resting || this.stopped) return;
    const wait = Math.min(AGAIN_MS_MAX, AGAIN_MS * 2 ** Math.min(this.failures, 6));
    this.cancelTry = after(jittered(wait), () => void this.tryAgain());
  }

  private async tryAgain(): Promise<void> {
    if (this.trying || this.tapping || this.resting || this.stopped || !this.mayTry || document.visibilityState !== 'visible') return;
    this.cancelTry();
    this.trying = true;
    const stopHoping = after(RETURNS_WITHIN_MS, () => !this.stopped && !this.camera.isLive() && this.tell('lost', null));
    const failure = await this.camera.open();
    stopHoping();
    if (this.stopped || this.resting || !this.trying) return;
    this.trying = false;
    this.tried(failure);
  }

  private tried(failure: Failure | null): void {
    if (failure === null) return this.changed(true);
    this.failures += 1;
    // What was refused is not asked for again, but by a tap.
    if (failure === 'denied' || failure === 'insecure' || failure === 'unsupported') this.mayTry = false;
    this.tell('lost', failure);
    return this.plan();
  }
}
