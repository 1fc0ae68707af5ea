// An exam that the demo has not: with pictures, a consent, and a result that tells the verdict only.
import { deflateSync } from 'node:zlib';
import { totp } from './staff.mjs';

export const PICTURE_EXAM = {
  title: '读片测评',
  words: '胸部正位片：右下肺见片状影',
  consent: '同意将本次作答用于题目质量分析，不公开姓名。',
};

const BANK = '读片题库';
const WIDTH = 1200;
const HEIGHT = 900;

/** A PNG of fine lines, so that it shows whether it is enlarged. */
function png() {
  const chunk = (name, data) => {
    const body = Buffer.concat([Buffer.from(name), data]);
    const [length, sum] = [Buffer.alloc(4), Buffer.alloc(4)];
    length.writeUInt32BE(data.length);
    sum.writeUInt32BE(crc(body));
    return Buffer.concat([length, body, sum]);
  };
  const head = Buffer.alloc(13);
  head.writeUInt32BE(WIDTH, 0);
  head.writeUInt32BE(HEIGHT, 4);
  head.set([8, 0], 8); // Eight bits of grey.
  const rows = Buffer.alloc((WIDTH + 1) * HEIGHT);
  for (let y = 0; y < HEIGHT; y++) {
    for (let x = 0; x < WIDTH; x++) rows[y * (WIDTH + 1) + 1 + x] = Math.hypot(x - WIDTH / 2, y - HEIGHT / 2) % 40 < 20 ? 40 : 210;
  }
  const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
  return Buffer.concat([signature, chunk('IHDR', head), chunk('IDAT', deflateSync(rows)), chunk('IEND', Buffer.alloc(0))]);
}

function crc(bytes) {
  let sum = ~0;
  for (const byte of bytes) {
    sum ^= byte;
    for (let bit = 0; bit < 8; bit++) sum = (sum >>> 1) ^ (sum & 1 ? 0xedb88320 : 0);
  }
  return ~sum >>> 0;
}

function bank() {
  const options = ['甲', '乙', '丙', '丁'].map((text, place) => ({ id: 'ABCD'[place], text }));
  const item = (code, stem, media) => ({ code, type: 'single', topic: '读片', difficulty: 'easy', pool: 'exam', stem, options, key: ['B'], media });
  const shown = { picture: 'chest.png', words: PICTURE_EXAM.words };
  const units = [item('P1', '下列读片所见，最可能的诊断是', [shown]), item('P2', '下列处理，首先应选择的是', [shown])];
  return JSON.stringify({ format: 'exam-bank/1', pictures: { 'chest.png': png().toString('base64') }, units });
}

const definition = {
  title: PICTURE_EXAM.title,
  kind: 'public_knowledge',
  cycle: '第六周期',
  banks: [BANK],
  opens_at: '2026-01-01T00:00:00+08:00',
  closes_at: '2029-01-01T00:00:00+08:00',
  late_start: 'full_time',
  shows: 'verdict',
  attempts: { allowed: 'unlimited', gap_minutes: 0, stop_at_first_pass: false, keep: 'best' },
  notice: { version: 'p-1', text: '请在安静处作答。' },
  consents: [{ kind: 'research', version: 'r-1', text: PICTURE_EXAM.consent }],
  audience: [
    {
      blueprint: {
        time_allowed_minutes: 10,
        pass_points: 4,
        sections: [{ title: '读片', type: 'single', topics: ['读片'], difficulties: ['easy'], count: 2, points: 2 }],
      },
    },
  ],
};

/** Publishes it on a server of the demo, as its staff would. */
export async function publishPictureExam(server) {
  const author = await signIn(server, 'demo-author');
  const approver = await signIn(server, 'demo-approver');
  const { bank_id: id } = await author('/banks', { name: BANK });
  const imported = await author(`/banks/${id}/imports?file=bank.json`, bank());
  if (imported.rejected > 0) throw new Error(JSON.stringify(imported.problems));
  await approver(`/banks/${id}/imports/${imported.import_no}/approve`, { reason: 'checked' });
  await author('/exams', { definition: JSON.stringify(definition), revision: 0, reason: 'test' });
}

/** A member of staff; the answer asks in its name. */
export async function signIn(server, login) {
  const { password, secret } = server.staff.find((one) => one.login === login);
  let token = null;
  const ask = async (path, body) => {
    const headers = { 'content-type': typeof body === 'string' ? 'application/octet-stream' : 'application/json' };
    if (token) headers.authorization = `Bearer ${token}`;
    const text = typeof body === 'string' ? body : JSON.stringify(body);
    const answer = await fetch(`${server.origin}/api/v1/staff${path}`, { method: 'POST', headers, body: text });
    if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
    return answer.json();
  };
  ({ token } = await ask('/sign-in', { login, password, totp: totp(secret, Date.now() + server.turnedMs) }));
  return ask;
}
