/**
 * The front camera of this phone: opens it, notices when it shows nothing any more, and takes
 * photographs. Getting a lost one back is its keeper's work.
 */
import { every, pause, after } from '../../shared/clock';
import { openFrontCamera, type Failure } from './access';
import { glance, ofFrame } from './picture';

/** A camera that another app has taken for a moment is muted, and comes back by itself. */
const MUTED_MS_MAX = 2_000;

/** How often it is looked at whether frames still come, and how often in a row none may have come. */
const LOOK_EVERY_MS = 2_000;
const STILL_LOOKS_MAX = 2;

/** A camera that shows nothing by then, shows nothing. */
const FIRST_FRAME_WITHIN_MS = 6_000;

/** A frame of now comes within this, or the camera stands still. */
const FRAME_WITHIN_MS = 2_000;

export class Camera {
  /** Hears when it shows nothing any more, and when it shows something again by itself. */
  heard: (live: boolean) => void = () => undefined;
  private readonly video = document.createElement('video');
  private stream: MediaStream | null = null;
  private live = false;
  private opening = 0;
  private seenAt = -1;
  private stillLooks = 0;
  private cancelMuted: () => void = () => undefined;
  private stopLooking: () => void = () => undefined;

  constructor() {
    // Safari plays it only like this, and only within the page.
    for (const name of ['playsinline', 'muted', 'autoplay']) this.video.setAttribute(name, '');
    this.video.muted = true;
    this.video.setAttribute('aria-hidden', 'true');
    this.video.tabIndex = -1;
    this.hide();
  }

  isLive(): boolean {
    return this.live;
  }

  /** What the camera calls itself. */
  label(): string {
    const track = this.track();
    return track ? track.label.slice(0, 100) : '';
  }

  /** Opens it anew; the answer is why that failed, or null. The newest call of several counts. */
  async open(): Promise<Failure | null> {
    const call = ++this.opening;
    this.release();
    const found = await openFrontCamera();
    if (typeof found === 'string') return found;
    if (call !== this.opening) {
      found.getTracks().forEach((track) => track.stop());
      return 'other';
    }
    this.adopt(found);
    const shows = await this.showsNewFrame(FIRST_FRAME_WITHIN_MS);
    if (call !== this.opening) return 'other';
    if (!shows || !this.stream) {
      this.release();
      return 'busy';
    }
    this.live = true;
    return null;
  }

  /** A photograph of now; null where there is none to be had. */
  async shoot(): Promise<Blob | null> {
    if (!this.live || document.visibilityState === 'hidden') return null;
    if (!(await this.showsNewFrame(FRAME_WITHIN_MS)) || !this.live || document.visibilityState !== 'visible') return null;
    return ofFrame(this.video).catch(() => null);
  }

  /** A small copy of what it shows, `width` pixels to a row. */
  glance(width: number): Uint8ClampedArray | null {
    return this.live ? glance(this.video, width) : null;
  }

  /** Shows what it sees in `box`. */
  show(box: HTMLElement): void {
    this.video.removeAttribute('style');
    box.appendChild(this.video);
    this.play();
  }

  /** Goes on without being seen: a video that is in no page stands still on some phones. */
  hide(): void {
    this.video.style.cssText = 'position:fixed;bottom:0;left:0;width:1px;height:1px;opacity:0;pointer-events:none';
    document.body.appendChild(this.video);
    this.play();
  }

  /** The page is seen again: what happened while it was hidden says nothing. */
  seen(): void {
    this.stillLooks = 0;
    this.play();
    const track = this.track();
    if (track && track.muted) this.judgeMuted();
  }

  /** Lets the camera go; it may be opened again. */
  letGo(): void {
    this.opening += 1;
    this.release();
  }

  /** Lets it go for good. */
  stop(): void {
    this.letGo();
    this.video.remove();
  }

  private track(): MediaStreamTrack | null {
    return (this.stream && this.stream.getVideoTracks()[0]) || null;
  }

  private adopt(stream: MediaStream): void {
    this.stream = stream;
    this.video.srcObject = stream;
    this.seenAt = -1;
    this.stillLooks = 0;
    const track = this.track();
    if (track) {
      track.onended = () => this.gone();
      track.onmute = () => this.judgeMuted();
      track.onunmute = () => this.back();
    }
    this.stopLooking = every(LOOK_EVERY_MS, () => this.look());
    this.play();
  }

  private play(): void {
    if (!this.video.srcObject) return;
    const playing = this.video.play() as Promise<void> | undefined;
    if (playing) playing.catch(() => undefined); // It is moved while it begins; the next look plays it again.
  }

  private judgeMuted(): void {
    this.cancelMuted();
    this.cancelMuted = after(MUTED_MS_MAX, () => {
      const track = this.track();
      if (track && track.muted && document.visibilityState === 'visible') this.gone();
    });
  }

  /** Whether frames still come; nobody sees them while the page is hidden. */
  private look(): void {
    const { currentTime } = this.video;
    const stands = currentTime === this.seenAt;
    this.seenAt = currentTime;
    if (!stands || document.visibilityState === 'hidden') this.stillLooks = 0;
    else if (++this.stillLooks >= STILL_LOOKS_MAX) this.gone();
    if (stands) this.play();
  }

  private gone(): void {
    if (!this.live) return;
    this.live = false;
    this.heard(false);
  }

  private back(): void {
    this.cancelMuted();
    if (this.live || !this.stream) return;
    this.live = true;
    this.heard(true);
  }

  private release(): void {
    this.live = false;
    this.cancelMuted();
    this.stopLooking();
    const { stream } = this;
    this.stream = null;
    this.video.srcObject = null;
    if (!stream) return;
    for (const track of stream.getTracks()) {
      track.onended = track.onmute = track.onunmute = null;
      track.stop();
    }
  }

  private async showsNewFrame(withinMs: number): Promise<boolean> {
    const before = this.video.currentTime;
    for (let waited = 0; waited < withinMs; waited += 50) {
      if (this.video.videoWidth > 0 && this.video.currentTime !== before) return true;
      await pause(50);
    }
    return false;
  }
}
