// Starts the real server with its demo in a fresh folder, and stops it again.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const BINARY = process.env.WEB_TEST_SERVER;

/** How long a start may take, demo bank and all; a fresh one takes some 5 s on two busy cores. */
const READY_WITHIN_MS = 60_000;

export function binary() {
  if (!BINARY) throw new Error('WEB_TEST_SERVER names no server');
  return resolve(BINARY); // The server runs in a folder of its own.
}

export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A running server; `accounts` are its demo physicians. */
export class Server {
  constructor(folder, port) {
    this.folder = folder;
    this.port = port;
    this.origin = `http://127.0.0.1:${port}`;
    this.accounts = [];
    this.staff = [];
    this.turnedMs = 0;
    this.taken = new Set();
    this.process = null;
  }

  static async start() {
    const folder = await mkdtemp(join(tmpdir(), 'exam-web-'));
    const server = new Server(folder, await freePort());
    await server.run();
    return server;
  }

  /** Runs the server on its database, which a stop leaves as it was. */
  async run() {
    const args = ['demo', '--database', 'sqlite:exam.db', '--listen', `127.0.0.1:${this.port}`];
    const env = { ...process.env, EXAM_TEST_CLOCK: '1' };
    this.process = spawn(binary(), args, { cwd: this.folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    const hear = (chunk) => (said += chunk);
    this.process.stdout.on('data', hear);
    this.process.stderr.on('data', hear);
    const ended = new Promise((resolve) => this.process.once('exit', resolve));
    this.ended = ended;
    const until = Date.now() + READY_WITHIN_MS;
    while (Date.now() < until) {
      if (this.process.exitCode !== null) throw new Error(`the server ended: ${said}`);
      const ready = await fetch(`${this.origin}/readyz`).then((answer) => answer.ok, () => false);
      if (ready && /demo-operator.*\n/.test(said)) break;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const lines = said.matchAll(/^ {2}(\S+) {2}(\d{17}[\dX]) {2}(\S+)$/gm);
    this.accounts = Array.from(lines, ([, name, idNumber, password]) => ({ name, idNumber, password }));
    const staff = said.matchAll(/^ {2}(demo-[a-z]+)（[^）]+） {2}(.+?) {2}([A-Z2-7]{32}) {2}\d{6}$/gm);
    this.staff = Array.from(staff, ([, login, password, secret]) => ({ login, password, secret }));
    if (this.accounts.length === 0) throw new Error(`no accounts in: ${said}`);
  }

  /** A physician and an exam that no test has had yet; of one name where the test needs that one. */
  sitting(wanted) {
    const exams = wanted ? [wanted] : ['公共知识测评', '业务水平测评'];
    for (const exam of exams) {
      for (const account of this.accounts) {
        const name = `${account.idNumber} ${exam}`;
        if (this.taken.has(name)) continue;
        this.taken.add(name);
        return { account, exam };
      }
    }
    throw new Error('every physician has had every exam');
  }

  /** Whom it says that it works for. */
  async about() {
    return (await fetch(`${this.origin}/api/v1/about`)).json();
  }

  /** So many strangers who try to sign in at the same moment; ends when all have been answered. */
  crowd(count) {
    const stranger = (place) =>
      fetch(`${this.origin}/api/v1/sign-in`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ id_number: `stranger ${place}`, password: 'no password 1' }),
      });
    return Promise.all(Array.from({ length: count }, (_, place) => stranger(place)));
  }

  /** Kills it as a power cut would. */
  async kill() {
    this.process.kill('SIGKILL');
    await this.ended;
  }

  async stop() {
    if (this.process.exitCode === null) await this.kill();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Turns the server's clock; only a binary with the feature for tests has the route. */
  async turnClock(forwardMs) {
    const answer = await fetch(`${this.origin}/test/clock`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ forward_ms: forwardMs }),
    });
    if (!answer.ok) throw new Error(`the clock answered ${answer.status}`);
    this.turnedMs += forwardMs;
  }

  async hasTurnedClock() {
    const answer = await fetch(`${this.origin}/test/clock`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"forward_ms":0}',
    });
    return answer.ok;
  }
}
