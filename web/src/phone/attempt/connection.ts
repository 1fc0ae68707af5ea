/**
 * Keeps one socket to an attempt, as long as that is possible: it opens, notices when a socket
 * is dead, waits, and opens again. What is said over it is none of its business.
 */
import { jittered } from '../../shared/chance';
import { after, steadyNow } from '../../shared/clock';
import { CLOSE, parse, PROTOCOL, socketUrl, type ServerMessage } from './wire';

export interface Heard {
  /** The socket is open; the caller says `open` on it. */
  opened(connection: number): void;
  message(connection: number, message: ServerMessage): void;
  /** It ended; `again` tells when the next one is tried, in milliseconds, or null for never. */
  ended(code: number, again: number | null): void;
}

/** A socket that is not open by then is not going to be. */
const OPEN_WITHIN_MS = 8_000;

/** How long a pong or an ack may take before the socket counts as dead. */
const ANSWER_WITHIN_MS = 6_000;

/** How often a quiet socket is asked whether it lives; carriers drop idle ones after 30 s. */
const PING_EVERY_MS = 20_000;

/** The first wait before the next try, doubled by each that fails. */
const AGAIN_MS = 400;
const AGAIN_MS_MAX = 15_000;

/** After this many sockets in a row that never worked, the caller falls back to HTTP. */
export const FAILURES_BEFORE_FALLBACK = 2;

/** After an end with one of these codes a new socket would end the same way. */
const FINAL: number[] = [CLOSE.done, CLOSE.notSignedIn, CLOSE.noSuchAttempt, CLOSE.newerEpoch];

export class Connection {
  /** Sockets in a row that ended before anything was heard on them. */
  failures = 0;
  private socket: WebSocket | null = null;
  private number = 0;
  private worked = false;
  private stopped = false;
  private heardAt = 0;
  private cancelAgain: () => void = () => undefined;
  private cancelAlarm: () => void = () => undefined;
  private awaitedSince: number | null = null;

  constructor(
    private readonly attemptId: string,
    private readonly heard: Heard,
  ) {}

  /** Opens a socket, unless one is open or being opened. */
  connect(): void {
    this.cancelAgain();
    if (this.stopped || this.socket) return;
    const number = ++this.number;
    let socket: WebSocket;
    try {
      socket = new WebSocket(socketUrl(this.attemptId), PROTOCOL);
    } catch (_) {
      this.over(1006);
      return;
    }
    this.socket = socket;
    this.worked = false;
    this.awaitedSince = null;
    const isCurrent = () => this.socket === socket;
    socket.onopen = () => {
      if (!isCurrent()) return;
      this.heardAt = steadyNow();
      this.watch();
      this.heard.opened(number);
    };
    socket.onmessage = (event: MessageEvent) => {
      if (!isCurrent()) return;
      this.heardAt = steadyNow();
      this.awaitedSince = null;
      this.worked = true;
      this.failures = 0;
      const message = parse(event.data);
      if (message) this.heard.message(number, message);
    };
    socket.onclose = (event: CloseEvent) => {
      if (isCurrent()) this.over(event.code);
    };
    this.cancelAlarm = after(OPEN_WITHIN_MS, () => isCurrent() && socket.readyState !== WebSocket.OPEN && this.drop());
  }

  /** Sends, if the socket is open. A message that wants an answer starts the wait for it. */
  send(message: unknown, wantsAnswer = true): boolean {
    const socket = this.socket;
    if (!socket || socket.readyState !== WebSocket.OPEN) return false;
    socket.send(JSON.stringify(message));
    if (wantsAnswer && this.awaitedSince === null) {
      this.awaitedSince = steadyNow();
      this.watch();
    }
    return true;
  }

  /**
   * Asks a socket that may have died unnoticed, as iOS leaves them behind a hidden page, and
   * opens one at once where none is.
   */
  poke(): void {
    if (this.socket && this.socket.readyState === WebSocket.OPEN) this.send({ t: 'ping' });
    else if (!this.socket) this.connect();
  }

  /** Gives the socket up and tries the next one soon. */
  drop(): void {
    if (this.socket) this.over(CLOSE.foundDead);
  }

  /** Ends for good. */
  stop(): void {
    this.stopped = true;
    this.cancelAgain();
    this.forget();
  }

  private watch(): void {
    this.cancelAlarm();
    const waits = this.awaitedSince !== null;
    const due = waits ? this.awaitedSince! + ANSWER_WITHIN_MS : this.heardAt + PING_EVERY_MS;
    this.cancelAlarm = after(Math.max(50, due - steadyNow()), () => this.alarmed());
  }

  private alarmed(): void {
    const now = steadyNow();
    if (this.awaitedSince !== null && now >= this.awaitedSince + ANSWER_WITHIN_MS) return this.drop();
    if (this.awaitedSince === null && now >= this.heardAt + PING_EVERY_MS) this.send({ t: 'ping' });
    this.watch();
  }

  private forget(): void {
    this.cancelAlarm();
    const socket = this.socket;
    this.socket = null;
    if (!socket) return;
    socket.onopen = socket.onmessage = socket.onclose = null;
    try {
      socket.close();
    } catch (_) {
      // It was never open.
    }
  }

  private over(code: number): void {
    this.forget();
    if (this.stopped) return;
    if (!this.worked) this.failures += 1;
    const wait = Math.min(AGAIN_MS_MAX, AGAIN_MS * 2 ** Math.min(this.failures, 6));
    const again = FINAL.includes(code) ? null : jittered(code === CLOSE.restarting ? 1_500 : code === CLOSE.ignoresBusy ? 10_000 : wait);
    if (again !== null) this.cancelAgain = after(again, () => this.connect());
    this.heard.ended(code, again);
  }
}
