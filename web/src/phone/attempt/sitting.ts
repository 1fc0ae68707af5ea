/**
 * One candidate's sitting on this page: what happens goes through the reducer, then to the
 * storage, then out; what comes back goes through the reducer again.
 */
import { shallowRef, type ShallowRef } from 'vue';
import { ask, Refused, Unreachable } from '../../shared/api/http';
import type { AttemptState, EventsReply, Paper, ResultView } from '../../shared/api/types';
import { jittered } from '../../shared/chance';
import { after, pause, steadyNow, wallNow } from '../../shared/clock';
import { askEarly } from '../early';
import { claimAttempt, deviceId, forgetAttempt, vault, type Claim, type Vault } from '../storage';
import { Connection, FAILURES_BEFORE_FALLBACK } from './connection';
import { freshAttempt, type Attempt, type SignalKind } from './model';
import { EVENTS_MAX, nextRetryAt, numbered, outgoing } from './outgoing';
import { keysOf, restored, writes, type Progress } from './records';
import { reduce, type Happening } from './reduce';
import { remainingMs } from './view';
import { Watch } from './watch';
import { CLOSE, type ServerMessage } from './wire';

/** A storage that does not answer by then must not hold up what goes to the server. */
const WRITE_WITHIN_MS = 400;

/** How often the server is asked over HTTP while no socket can be had. */
const POLL_EVERY_MS = 5_000;

/** How long a hand-in waits before it is tried again. */
const HAND_IN_AGAIN_MS = 1_500;

/**
 * How long a page that comes back after its time waits for the server to close the attempt, or to
 * give an outage back, before it hands in by itself.
 */
const LATE_HAND_IN_MS = 12_000;

/** How long a lost connection may take to come back before the page says offline. */
const HOPE_MS = 2_500;

/** What ends a sitting on this page. */
export type End = 'closed' | 'signed_out' | 'gone';

/** Whether the candidate, or the clock, has ended it, and the server does not know yet. */
const isDone = ({ handIn, timeIsUp }: Attempt): boolean => handIn !== null || timeIsUp;

export class Sitting {
  readonly attempt: ShallowRef<Attempt>;
  /** Photographs, if any are asked for: beside the sitting, never in its way. */
  readonly watch: Watch;
  private readonly connection: Connection;
  private readonly claim: Claim;
  private stopped = false;
  private wantsTakeOver = false;
  private cancelRetry: () => void = () => undefined;
  private cancelPoll: () => void = () => undefined;
  private writing: Promise<void> = Promise.resolve();
  private polling = false;
  private handingIn = false;
  private wasAwayAtTheEnd = false;

  private constructor(
    attempt: Attempt,
    private readonly kept: Vault,
    private readonly onEnd: (end: End) => void,
  ) {
    this.attempt = shallowRef(attempt);
    this.claim = claimAttempt(attempt.attemptId, () => this.lostToAnotherPage());
    this.watch = new Watch(attempt.attemptId, (kind) => this.signal(kind));
    this.watch.rest(isDone(attempt));
    this.connection = new Connection(attempt.attemptId, {
      opened: (connection) => this.opened(connection),
      message: (connection, message) => this.heard(connection, message),
      ended: (code, again) => this.ended(code, again),
    });
  }

  /**
   * Sits down at an attempt: as it was left on this phone, or with its paper from the server.
   *
   * Throws what {@link ask} throws where the paper is neither here nor there.
   */
  static async begin(attemptId: string, onEnd: (end: End) => void): Promise<Sitting> {
    const kept = await vault();
    const device = deviceId();
    const keys = keysOf(attemptId);
    const progress = (await kept.read(keys.progress)) as Progress | undefined;
    let attempt: Attempt;
    if (progress) {
      const clock = { steady: steadyNow(), wall: wallNow() };
      attempt = restored(progress, await kept.readAll(keys.pending), device, clock);
    } else {
      attempt = freshAttempt((await askEarly<Paper>(`/attempts/${attemptId}/paper`)).body, device);
      await kept.write(writes(null, attempt, { steady: steadyNow(), wall: wallNow() }));
    }
    const sitting = new Sitting(attempt, kept, onEnd);
    sitting.hope();
    sitting.connection.connect();
    return sitting;
  }

  /** Whether this phone keeps what it notices when the page is closed. */
  keepsOnDisk(): boolean {
    return this.kept.kept() === 'disk';
  }

  /** Something happened: it is known, then kept, then sent. */
  note(happening: Happening): void {
    const before = this.attempt.value;
    const now = reduce(before, happening);
    if (now === before) return;
    this.attempt.value = now;
    if (before.standing !== now.standing) this.watch.stand(now.standing === 'here');
    if (isDone(before) !== isDone(now)) this.watch.rest(isDone(now));
    if (this.stopped) return;
    const changes = writes(before, now, { steady: steadyNow(), wall: wallNow() });
    if (changes.length > 0) this.writing = this.writing.then(() => this.kept.write(changes));
    const tapped = happening.type === 'chosen' || happening.type === 'marked' || happening.type === 'signalled';
    if (tapped) void Promise.race([this.writing, pause(WRITE_WITHIN_MS)]).then(() => this.flush());
    else this.flush();
  }

  choose(slot: number, response: string[]): void {
    this.note({ type: 'chosen', slot, response, wallMs: wallNow() });
  }

  /** The page noticed something about itself. */
  signal(kind: SignalKind): void {
    this.note({ type: 'signalled', kind, wallMs: wallNow() });
  }

  /** Hands in, now or as soon as the server can be reached. */
  handIn(by: 'candidate' | 'deadline'): void {
    this.note({ type: 'hand_in', by });
    void this.carryHandIn();
  }

  /** Time is up on this page's count. */
  timeIsUp(): void {
    if (this.attempt.value.timeIsUp) return;
    const { link } = this.attempt.value;
    this.wasAwayAtTheEnd = link === 'offline' || link === 'connecting';
    this.note({ type: 'time_is_up' });
    if (!this.wasAwayAtTheEnd) this.handIn('deadline');
  }

  /** Takes the session to this device. */
  takeOver(): void {
    this.wantsTakeOver = true;
    this.note({ type: 'linked', link: 'connecting' });
    if (!this.connection.send({ t: 'open', device: this.attempt.value.device, take_over: true })) {
      this.connection.connect();
      if (this.polling) void this.poll();
    }
  }

  /** The page is seen again, or the network is said to be back. */
  cameBack(): void {
    if (this.stopped) return;
    this.connection.poke();
    void this.carryHandIn();
  }

  /** The network is said to be gone: the candidate is told at once, the socket is asked. */
  wentAway(): void {
    if (this.stopped) return;
    this.connection.drop();
    this.note({ type: 'linked', link: 'offline' });
  }

  /** Leaves the attempt as it is. */
  stop(): void {
    this.stopped = true;
    this.watch.stop(this.attempt.value.closed !== null);
    this.connection.stop();
    this.cancelPoll();
    this.cancelRetry();
    this.claim.release();
  }

  private lostToAnotherPage(): void {
    this.note({ type: 'stood', standing: 'other_tab' });
    this.stop();
  }

  private opened(connection: number): void {
    const { link } = this.attempt.value;
    this.note({ type: 'linked', link: link === 'live' ? 'connecting' : link, connection });
    this.connection.send({ t: 'open', device: this.attempt.value.device, take_over: this.wantsTakeOver });
  }

  private heard(connection: number, message: ServerMessage): void {
    const at = steadyNow();
    switch (message.t) {
      case 'state':
        this.wantsTakeOver = false;
        this.stopPolling();
        this.note({ type: 'state', state: message, at });
        this.note({ type: 'linked', link: 'live' });
        this.afterReturn();
        this.watch.reached();
        break;
      case 'ack':
        this.note({ type: 'acked', connection, n: message.n, remainingMs: message.remaining_ms, at });
        break;
      case 'nack':
        this.note({ type: 'nacked', connection, nack: message, at });
        this.armRetry();
        break;
      case 'pong':
        this.note({ type: 'ponged', connection });
        break;
      case 'extended':
        this.note({ type: 'extended', remainingMs: message.remaining_ms, addedMs: message.added_ms, by: message.by, at });
        break;
      case 'paused':
        this.note({ type: 'paused', remainingMs: message.remaining_ms, at });
        break;
      case 'resumed':
        this.note({ type: 'resumed', remainingMs: message.remaining_ms, at });
        break;
      case 'locked':
      case 'unlocked':
        this.note({ type: message.t });
        break;
      case 'message':
        this.note({ type: 'told', number: message.number, text: message.text });
        break;
      case 'elsewhere':
        this.standAside();
        this.note({ type: 'linked', link: 'live' });
        break;
      case 'closed':
        void this.finish(message.by, message.result);
        break;
      case 'snapshot':
        this.watch.wanted([message]);
        break;
    }
  }

  private ended(code: number, again: number | null): void {
    if (code === CLOSE.notSignedIn) return this.over('signed_out');
    if (code === CLOSE.noSuchAttempt) return this.over('gone');
    if (code === CLOSE.newerEpoch) {
      void this.fenced();
      return;
    }
    if (code === CLOSE.done) {
      void this.fetchResult();
      return;
    }
    // A server that restarts, or a network that changed, is back within a moment; a socket that
    // was found dead is not.
    const quick = code !== CLOSE.foundDead && again !== null && this.connection.failures === 0;
    if (quick) this.hope();
    else if (!(this.polling && this.attempt.value.link === 'http')) this.note({ type: 'linked', link: 'offline' });
    if (this.connection.failures >= FAILURES_BEFORE_FALLBACK) this.startPolling();
  }

  /** Connecting counts as such for a moment only; then the candidate is told the truth. */
  private hope(): void {
    this.note({ type: 'linked', link: 'connecting' });
    after(HOPE_MS, () => {
      if (!this.stopped && this.attempt.value.link === 'connecting') this.note({ type: 'linked', link: 'offline' });
    });
  }

  /** Somebody newer writes: another phone, or another page of this one. The server knows which. */
  private async fenced(): Promise<void> {
    const { attemptId, device } = this.attempt.value;
    const state = await ask<AttemptState>(`/attempts/${attemptId}`).catch(() => null);
    if (this.stopped) return;
    if (state && state.body.holder === device) return this.lostToAnotherPage();
    this.note({ type: 'stood', standing: 'taken' });
    this.note({ type: 'linked', link: 'offline' });
  }

  /**
   * Another device writes. A page that wrote before has been taken over while it was away, and
   * what it still held is as lost as after a 4409: the other device may have answered anew.
   */
  private standAside(): void {
    this.note({ type: 'stood', standing: this.attempt.value.epoch === null ? 'elsewhere' : 'taken' });
  }

  private flush(): void {
    const attempt = this.attempt.value;
    if (this.stopped || attempt.link !== 'live' || attempt.standing !== 'here' || attempt.epoch === null) return;
    const { messages, again } = outgoing(attempt, steadyNow());
    if (messages.length === 0) return;
    for (const message of messages) this.connection.send(numbered(message));
    const behindPing = again ? attempt.pings + 1 : 0;
    if (again) this.connection.send({ t: 'ping' });
    this.note({ type: 'sent', ns: messages.map(({ n }) => n), behindPing });
  }

  /** Messages that the server was too busy for are sent again when it said. */
  private armRetry(): void {
    this.cancelRetry();
    const at = nextRetryAt(this.attempt.value);
    if (at !== null) {
      this.cancelRetry = after(Math.max(50, at - steadyNow()), () => {
        this.flush();
        this.armRetry();
      });
    }
  }

  private startPolling(): void {
    if (this.polling || this.stopped) return;
    this.polling = true;
    void this.poll();
  }

  private stopPolling(): void {
    this.polling = false;
    this.cancelPoll();
  }

  /** One turn of the fallback: what is pending goes up, where the session stands comes down. */
  private async poll(): Promise<void> {
    this.cancelPoll();
    if (!this.polling || this.stopped) return;
    try {
      await this.exchange();
    } catch (error) {
      this.pollFailed(error);
    }
    if (this.polling && !this.stopped) this.cancelPoll = after(jittered(POLL_EVERY_MS), () => void this.poll());
  }

  private async exchange(): Promise<void> {
    const { attemptId, device, pending } = this.attempt.value;
    if (this.attempt.value.standing === 'taken' && !this.wantsTakeOver) return;
    const now = steadyNow();
    const due = pending.filter((message) => message.waitsFor === null && message.retryAt <= now).slice(0, EVENTS_MAX);
    const body = { device, ...this.named(), take_over: this.wantsTakeOver, events: due.map(numbered) };
    const reply = await ask<EventsReply>(`/attempts/${attemptId}/events`, { method: 'POST', body });
    if (!this.polling || this.stopped) return; // A socket has come meanwhile, and tells the same.
    this.wantsTakeOver = false;
    this.note({ type: 'replied', ns: due.map(({ n }) => n), reply: reply.body, at: steadyNow() });
    if (reply.body.state === 'closed' || reply.body.state === 'voided') return this.fetchResult();
    const state = await ask<AttemptState>(`/attempts/${attemptId}`);
    if (!this.polling || this.stopped) return;
    this.note({ type: 'state', state: state.body, at: steadyNow() });
    const { told } = state.body;
    if (told) this.note({ type: 'told', number: told.number, text: told.text });
    const isBack = this.attempt.value.link !== 'http';
    this.note({ type: 'linked', link: 'http' });
    this.afterReturn();
    if (isBack) this.watch.reached(); // Once: what failed waits longer each time.
    void this.watch.poll();
  }

  private pollFailed(error: unknown): void {
    if (this.stopped) return;
    if (error instanceof Unreachable) this.note({ type: 'linked', link: 'offline' });
    if (!(error instanceof Refused)) return;
    if (error.status === 401) this.over('signed_out');
    if (error.status === 404) this.over('gone');
    if (error.code === 'elsewhere') this.standAside();
  }

  /**
   * The server can be reached again. A hand-in that the candidate asked for goes on; one that only
   * the clock asked for waits, because the server closes by itself and may give an outage back.
   */
  private afterReturn(): void {
    const attempt = this.attempt.value;
    if (attempt.handIn) {
      void this.carryHandIn();
    } else if (attempt.timeIsUp && this.wasAwayAtTheEnd) {
      this.wasAwayAtTheEnd = false;
      after(LATE_HAND_IN_MS, () => {
        if (!this.stopped && this.attempt.value.timeIsUp && !this.attempt.value.closed) this.handIn('deadline');
      });
    }
  }

  /**
   * The epoch that a request names, so that an overtaken page of this phone writes no more. A page
   * that still holds its claim names none: its own socket may have come back with a newer one.
   */
  private named(): { epoch?: number } {
    const { epoch } = this.attempt.value;
    return epoch === null || this.wantsTakeOver || this.claim.holds() ? {} : { epoch };
  }

  private async carryHandIn(): Promise<void> {
    if (this.handingIn || this.stopped) return;
    this.handingIn = true;
    try {
      while (!this.stopped && this.attempt.value.handIn && !this.attempt.value.closed) {
        if (await this.tryHandIn()) break;
        await pause(jittered(HAND_IN_AGAIN_MS));
      }
    } finally {
      this.handingIn = false;
    }
  }

  /** One try; true where there is nothing more to try. */
  private async tryHandIn(): Promise<boolean> {
    const { attemptId, device, handIn, pending } = this.attempt.value;
    if (!handIn) return true;
    const events = pending.filter((message) => message.waitsFor === null).slice(-EVENTS_MAX).map(numbered);
    const body = { device, ...this.named(), n: handIn.n, events };
    try {
      const reply = await ask<{ result: ResultView }>(`/attempts/${attemptId}/submit`, { method: 'POST', body });
      await this.finish(reply.body.result.by, reply.body.result);
      return true;
    } catch (error) {
      if (!(error instanceof Refused) || error.status >= 500 || error.status === 429) return false;
      this.note({ type: 'hand_in_dropped' });
      if (error.status === 401) this.over('signed_out');
      else if (error.code === 'elsewhere') void this.fenced();
      else this.connection.poke(); // Paused or locked: the state on the screen says why.
      return true;
    }
  }

  private async fetchResult(): Promise<void> {
    const { attemptId } = this.attempt.value;
    while (!this.stopped) {
      try {
        const result = await ask<ResultView>(`/attempts/${attemptId}/result`);
        return await this.finish(result.body.by, result.body);
      } catch (error) {
        if (error instanceof Refused && error.code === 'not_closed') return this.connection.connect();
        if (error instanceof Refused && error.status < 500 && error.status !== 429) return this.over('gone');
        this.note({ type: 'linked', link: 'offline' });
        await pause(jittered(HAND_IN_AGAIN_MS));
      }
    }
  }

  /** The end: what came too late is kept by the server as evidence, and the phone forgets the paper. */
  private async finish(by: string, result: ResultView): Promise<void> {
    if (this.attempt.value.closed || this.stopped) return;
    const { attemptId, device, pending } = this.attempt.value;
    const late = pending.filter(({ body }) => body.t === 'save').slice(-EVENTS_MAX);
    this.note({ type: 'closed', closed: { by, result, receipt: result.receipt } });
    this.over('closed');
    if (late.length > 0) {
      const body = { device, events: late.map(numbered) };
      await ask(`/attempts/${attemptId}/events`, { method: 'POST', body }).catch(() => null);
    }
    await this.writing;
    await forgetAttempt(attemptId);
  }

  /** Milliseconds left now. */
  remaining(): number | null {
    return remainingMs(this.attempt.value, steadyNow());
  }

  private over(end: End): void {
    if (this.stopped) return;
    this.stop();
    this.onEnd(end);
  }
}
