// The demo's invigilator, who pauses, locks and gives time through the same interface as people.
import { createHmac } from 'node:crypto';

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The current code of a second factor: RFC 6238 with SHA-1, six digits, 30 s. */
export function totp(secret, nowMs) {
  const bits = Array.from(secret, (letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(nowMs / 30_000)));
  const mac = createHmac('sha1', key).update(counter).digest();
  const number = mac.readUInt32BE(mac[19] & 15) & 0x7fffffff;
  return String(number % 1_000_000).padStart(6, '0');
}

class Staff {
  constructor(server, token) {
    this.server = server;
    this.token = token;
  }

  static async signIn(server) {
    const { login, password, secret } = server.staff.find((one) => one.login === this.login);
    const code = totp(secret, Date.now() + server.turnedMs);
    const { token } = await post(server, '/staff/sign-in', { login, password, totp: code });
    return new this(server, token);
  }
}

export class Invigilator extends Staff {
  static login = 'demo-invigilator';

  /** `what` is `pause`, `resume`, `lock`, `unlock`, `extend`, `message`, `end` or `void`. */
  act(attemptId, what, body) {
    return post(this.server, `/staff/attempts/${attemptId}/${what}`, body, this.token);
  }

  /** The evidence of an attempt: what was asked for, what came and what it shows. */
  watch(attemptId) {
    return get(this.server, `/staff/attempts/${attemptId}/watch`, this.token);
  }

  /** Lets everybody in who stands at the door of the exam. */
  async admitAll(examId) {
    const path = `/staff/exams/${examId}/admissions`;
    const { admissions } = await get(this.server, path, this.token);
    for (const { candidate_id: id } of admissions) await post(this.server, path, { candidate_id: id, reason: 'checked the ID' }, this.token);
  }
}

export class Officer extends Staff {
  static login = 'demo-officer';

  /** A one-time code in place of a forgotten password. */
  async reset(candidateId) {
    const reply = await post(this.server, `/staff/candidates/${candidateId}/reset`, { reason: 'forgotten' }, this.token);
    return reply.code;
  }
}

const post = (server, path, body, token) => ask(server, path, token, { method: 'POST', body: JSON.stringify(body) });
const get = (server, path, token) => ask(server, path, token, { method: 'GET' });

async function ask(server, path, token, init) {
  const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) };
  const answer = await fetch(`${server.origin}/api/v1${path}`, { ...init, headers });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${text}`);
  return text === '' ? null : JSON.parse(text);
}
