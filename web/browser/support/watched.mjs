// Exams that take photographs, and the ways into them.
import { signIn } from './exams.mjs';

const MINUTE = 60_000;
export const PLACE = '市卫健委二楼 203 室，张老师，0551-1234567';
export const CONSENT = '同意在测评中随机拍照，照片只用于核查考试纪律。';
export const COMPARING = '同意由程序把照片与登记照片比对，结果只作提示。';
/** The policy whose exams ask for this, too. */
export const COMPARED = 'supervised';

/**
 * By what happens without a camera; several of the first, because each physician sits each once. They ask
 * for one photograph a minute: each turn of a minute asks for one.
 */
const WATCHED = {
  flag: ['抓拍测评甲', '抓拍测评乙', '抓拍测评丙'],
  supervised: ['须监考测评'],
  on_site: ['到现场测评'],
};

const definition = (title, policy) => ({
  title,
  kind: 'public_knowledge',
  cycle: '第六周期',
  banks: ['演示题库'],
  opens_at: '2026-01-01T00:00:00+08:00',
  closes_at: '2029-01-01T00:00:00+08:00',
  late_start: 'full_time',
  shows: 'points',
  attempts: { allowed: 'unlimited', gap_minutes: 0, stop_at_first_pass: false, keep: 'best' },
  notice: { version: 'w-1', text: '请在安静、明亮处作答。' },
  consents: [
    { kind: 'snapshots', version: 's-1', text: CONSENT },
    ...(policy === COMPARED ? [{ kind: 'recognition', version: 'r-1', text: COMPARING }] : []),
  ],
  proctoring: { snapshots: 60, without_camera: policy, place: policy === 'flag' ? '' : PLACE, keep_days: 90, appeal_days: 7 },
  audience: [
    {
      blueprint: {
        time_allowed_minutes: 60,
        pass_points: 4,
        sections: [{ title: '单选题', type: 'single', topics: ['公共知识/法律法规'], difficulties: ['easy', 'medium', 'hard'], count: 5, points: 2 }],
      },
    },
  ],
});

/** Publishes one exam of each policy on a server of the demo. */
export async function publishWatchedExams(server) {
  const author = await signIn(server, 'demo-author');
  for (const [policy, titles] of Object.entries(WATCHED)) {
    for (const title of titles) await author('/exams', { definition: JSON.stringify(definition(title, policy)), revision: 0, reason: 'test' });
  }
}

/** A physician and an exam of this policy that no test has had yet. */
export function watchedSitting(server, policy = 'flag') {
  const left = (title) => server.accounts.some(({ idNumber }) => !server.taken.has(`${idNumber} ${title}`));
  return server.sitting(WATCHED[policy].find(left) ?? WATCHED[policy][0]);
}

/** Signs in and goes to the notice of the exam. */
export async function toNotice(phone, { account, exam }) {
  await phone.signIn(account);
  await phone.go('/exams');
  await phone.page.locator('.card', { hasText: exam }).getByRole('button', { name: /进入测评|再次测评/ }).tap();
  await phone.sees(CONSENT);
}

/** From the notice to the device check, with or without the consent. */
export async function agree(phone, given) {
  if (given) await phone.page.getByText('我同意拍照').tap();
  await phone.page.getByText('我已阅读并同意遵守上述规定').tap();
  await phone.tap('去考试');
  await phone.sees('大小合适');
}

/** Sits down with a live camera, page by page. */
export async function sitWatched(phone, sitting) {
  await toNotice(phone, sitting);
  await agree(phone, true);
  await phone.tap('打开摄像头');
  await phone.sees('画面正常');
  await phone.tap('开始考试');
  await phone.isSitting();
  await phone.saved();
  await phone.page.locator('.camera.live').waitFor();
}

/** Sits down beside the page, with consent; the page finds out by itself that photographs are asked for. */
export async function sitWatchedAt(phone, sitting) {
  await phone.sit(sitting, { consents: { snapshots: { version: 's-1', given: true } }, camera: 'live' });
  await phone.page.locator('.camera.live').waitFor();
}

/** Both clocks go on by a minute: a photograph is asked for. */
export async function aMinuteLater(phone, server) {
  await server.turnClock(MINUTE);
  await phone.turnClock(MINUTE);
}

/** The uploads that the server has answered, of the attempt on this phone. */
export function uploads(phone, network) {
  const path = `/attempts/${phone.attemptId()}/snapshots/`;
  return network.answers.filter(({ method, url }) => method === 'PUT' && url.includes(path));
}

/** What the camera called itself in each of them. */
export const labels = (sent) => sent.map(({ url }) => new URLSearchParams(url.split('?')[1]).get('camera'));
