// Candidates without a phone: they sit, answer and send photographs beside every page.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { signIn } from './exams.mjs';
import { totp } from './staff.mjs';

/** See the NOTICE beside them. */
const PICTURES = fileURLToPath(new URL('../../../proctor/tests/pictures/', import.meta.url));

/** With consent to photographs, as `publishWatchedExams` asks for it, and a camera. */
export const WATCHED = { consents: { snapshots: { version: 's-1', given: true } }, camera: 'live' };
export const UNWATCHED = { consents: { snapshots: { version: 's-1', given: false } }, camera: 'none' };

export class Sitter {
  constructor(server, account) {
    this.server = server;
    this.account = account;
    this.token = null;
    this.attempt = null;
    this.sent = {};
  }

  /** Signs in and starts `exam`; `more` goes with the start. */
  static async sit(server, { account, exam }, more = {}) {
    const sitter = new Sitter(server, account);
    await sitter.arrive(exam);
    await sitter.start(more);
    return sitter;
  }

  async arrive(exam) {
    const { idNumber, password } = this.account;
    ({ token: this.token } = await this.ask('POST', '/sign-in', { id_number: idNumber, password }));
    const { exams } = await this.ask('GET', '/exams');
    this.exam = exams.find(({ title }) => title.includes(exam)).exam_id;
  }

  async start(more) {
    const { version } = await this.ask('GET', `/exams/${this.exam}/notice`);
    const body = { notice_version: version, accepted: true, consents: {}, ...more };
    this.attempt = (await this.ask('POST', `/exams/${this.exam}/attempts`, body)).attempt_id;
  }

  /** Whether the door stays shut: an invigilator has to let this one in. */
  async isTurnedAway(more) {
    return this.start(more).then(() => false, (error) => /needs_admission/.test(error.message));
  }

  /** The device `name` takes the session, and sends these events; each device counts its own. */
  async tell(name, ...events) {
    const device = `${name.repeat(8)}-0000-4000-8000-000000000000`;
    const numbered = events.map((event) => ({ n: (this.sent[name] = (this.sent[name] ?? 0) + 1), ...event }));
    return this.ask('POST', `/attempts/${this.attempt}/events`, { device, take_over: true, events: numbered });
  }

  signal(kind, name = 'a') {
    return this.tell(name, { t: 'signal', kind });
  }

  answer(slot, letter = 'b', name = 'a') {
    return this.tell(name, { t: 'save', slot, response: [letter] });
  }

  /** The photographs that are asked for now are answered with these pictures. */
  async photograph(...names) {
    const { due } = await this.ask('GET', `/attempts/${this.attempt}/snapshots`);
    let sent = 0;
    for (const { request_id: id } of due) {
      if (sent === names.length) break;
      const picture = await readFile(`${PICTURES}${names[sent++]}.jpg`);
      await this.ask('PUT', `/attempts/${this.attempt}/snapshots/${id}?camera=Front`, picture, 'image/jpeg');
    }
    return sent;
  }

  async handIn() {
    const device = 'aaaaaaaa-0000-4000-8000-000000000000';
    this.sent.a = (this.sent.a ?? 0) + 1;
    await this.ask('POST', `/attempts/${this.attempt}/submit`, { device, events: [], n: this.sent.a });
  }

  appeal(text) {
    return this.ask('POST', `/attempts/${this.attempt}/appeal`, { text });
  }

  async ask(method, path, body, kind = 'application/json') {
    const headers = { 'content-type': kind, ...(this.token && { authorization: `Bearer ${this.token}` }) };
    const sent = body === undefined ? {} : { body: kind === 'application/json' ? JSON.stringify(body) : body };
    const answer = await fetch(`${this.server.origin}/api/v1${path}`, { method, headers, ...sent });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${text}`);
    return text === '' ? null : JSON.parse(text);
  }
}

/** Photographs are asked for about once a minute; the clock goes on until one is. */
export async function photographed(sitter, ...names) {
  for (let tries = 0; tries < 6; tries++) {
    if ((await sitter.photograph(...names)) > 0) return;
    await sitter.server.turnClock(30_000);
  }
  throw new Error('no photograph was asked for');
}

const PASSWORD = 'another-long-password-1';

/** Another member of staff, enrolled; the answer is added to those that a desk may sign in. */
export async function enrolMember(server, login, name, roles) {
  const operator = await signIn(server, 'demo-operator');
  const { enrolment_token: token } = await operator('/members', { login, name, roles, institutions: null });
  const post = async (path, body) => {
    const answer = await fetch(`${server.origin}/api/v1/staff${path}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    return answer.json();
  };
  const { totp_secret: secret } = await post('/enrol/begin', { token });
  await post('/enrol', { token, password: PASSWORD, totp: totp(secret, Date.now() + server.turnedMs) });
  server.staff.push({ login, password: PASSWORD, secret });
  await server.turnClock(30_000); // A code is good once: the sign-in has the next.
}
