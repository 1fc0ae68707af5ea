// Attempts that are over, with photographs, and the people who judge them.
import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { totp } from './staff.mjs';
import { until } from './stage.mjs';

/** See the NOTICE beside them. */
const PICTURES = fileURLToPath(new URL('../../../proctor/tests/pictures/', import.meta.url));
const MINUTE = 60_000;
const DEVICE = 'aaaaaaaa-0000-4000-8000-000000000000';

/** A photograph that is asked for; it may be answered for a minute, so the clock is turned by less. */
async function asked(phone, server, attempt) {
  for (let turns = 0; turns < 12; turns++) {
    await server.turnClock(MINUTE / 3);
    const { due } = await phone.ask(`/attempts/${attempt}/snapshots`);
    if (due.length > 0) return due[0];
  }
  throw new Error('no photograph is asked for');
}

/** Whoever is signed in on this phone sits `exam` beside the page: these pictures, then the end. */
export async function sitsThrough(phone, server, { account: { idNumber, password }, exam }, pictures) {
  await phone.ask('/sign-in', { id_number: idNumber, password });
  const { exams } = await phone.ask('/exams');
  const { exam_id: id } = exams.find(({ title }) => title.includes(exam));
  const { version, proctoring } = await phone.ask(`/exams/${id}/notice`);
  const consents = proctoring ? { snapshots: { version: 's-1', given: true } } : {};
  const start = { notice_version: version, accepted: true, consents, ...(proctoring && { camera: 'live' }) };
  const { attempt_id: attempt } = await phone.ask(`/exams/${id}/attempts`, start);
  const events = [1, 2, 3, 4, 5].map((slot) => ({ n: slot, t: 'save', slot, response: ['b'] }));
  await phone.ask(`/attempts/${attempt}/events`, { device: DEVICE, take_over: true, events });
  for (const name of pictures) {
    const { request_id: request } = await asked(phone, server, attempt);
    const file = { data: await readFile(`${PICTURES}${name}.jpg`), headers: { origin: phone.network.origin, 'content-type': 'image/jpeg' } };
    const path = `${phone.network.origin}/api/v1/attempts/${attempt}/snapshots/${request}`;
    const answer = await phone.context.request.put(path, file);
    if (!answer.ok()) throw new Error(`${path} answered ${answer.status()}: ${await answer.text()}`);
  }
  await phone.ask(`/attempts/${attempt}/submit`, { device: DEVICE, events: [], n: 6 });
  return attempt;
}

async function ask(server, path, token, body) {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const init = body ? { method: 'POST', body: JSON.stringify(body) } : {};
  const answer = await fetch(`${server.origin}/api/v1/staff${path}`, { ...init, headers });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  return answer.json();
}

const codeOf = (server, secret) => totp(secret, Date.now() + server.turnedMs);

/** A member of staff who judges. */
export class Judge {
  constructor(server, token) {
    this.server = server;
    this.token = token;
  }

  static async signIn(server, login) {
    const { password, secret } = server.staff.find((one) => one.login === login);
    await server.turnClock(MINUTE / 2); // Each code can be used once.
    const { token } = await ask(server, '/sign-in', null, { login, password, totp: codeOf(server, secret) });
    return new Judge(server, token);
  }

  /** Takes the next step of the review, once every photograph was looked at. */
  async decides(attempt, act, reason) {
    const { review } = await until(async () => {
      const seen = await ask(this.server, `/attempts/${attempt}/watch`, this.token);
      return seen.snapshots.every(({ findings }) => findings !== null) && seen;
    }, 'the findings');
    await ask(this.server, `/attempts/${attempt}/review`, this.token, { act, reason, known: review.steps.length });
  }
}

const THIRD = { login: 'third-officer', password: 'a-third-long-password-3' };

/** Two of the demo's people who may judge, and a third who had no part in anything. */
export async function threeJudges(server) {
  const operator = await Judge.signIn(server, 'demo-operator');
  const member = { login: THIRD.login, name: '第三人', roles: ['officer'], institutions: null };
  const { enrolment_token: token } = await ask(server, '/members', operator.token, member);
  const { totp_secret: secret } = await ask(server, '/enrol/begin', null, { token });
  await ask(server, '/enrol', null, { token, password: THIRD.password, totp: codeOf(server, secret) });
  server.staff.push({ ...THIRD, secret });
  const judges = [];
  for (const login of ['demo-invigilator', 'demo-officer', THIRD.login]) judges.push(await Judge.signIn(server, login));
  return judges;
}
