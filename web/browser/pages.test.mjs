// Each page: read aloud, at 200 %, in English, without storage, on old phones.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFile } from 'node:fs/promises';
import { SCHEMA, typesOf } from '../scripts/api-types.mjs';
import { isSound } from './support/audit.mjs';
import { fits } from './support/fits.mjs';
import { Officer } from './support/staff.mjs';
import { stage, until } from './support/stage.mjs';

const scene = stage();

test('the types of what the server says are those that it describes', async () => {
  assert.equal(await readFile(SCHEMA, 'utf8'), await typesOf(scene.server.origin), 'npm run api-types');
});

for (const colorScheme of ['light', 'dark']) {
  test(`an audit finds nothing serious on any page, ${colorScheme}`, scene.withPhone({ colorScheme }, async (phone) => {
    const { account, exam } = scene.server.sitting('业务水平测评');
    await phone.go('/sign-in');
    await phone.tap('登录');
    await phone.sees('身份证号应为');
    await isSound(phone, 'sign-in');
    await phone.signIn(account);
    await isSound(phone, 'home');
    await phone.tap('退出登录');
    await isSound(phone, 'sign-out dialog');
    await phone.tap('留在这里');
    await phone.go('/exams');
    const card = phone.page.locator('.card', { hasText: exam });
    await card.waitFor();
    await isSound(phone, 'exams');
    await card.getByRole('button', { name: '进入测评' }).tap();
    await phone.page.getByText('我已阅读并同意遵守上述规定').tap();
    await isSound(phone, 'notice');
    await phone.tap('去考试');
    await phone.sees('可以参加考试');
    await isSound(phone, 'device check');
    await phone.tap('开始考试');
    await phone.isSitting();
    await phone.choose(1);
    await phone.saved();
    await isSound(phone, 'exam');
    await phone.turnTo(28);
    await phone.tap('标记本题');
    await isSound(phone, 'case');
    scene.network.cut();
    await phone.choose(0);
    await phone.offline(1);
    await phone.tap('答题卡');
    await isSound(phone, 'answer card');
    await phone.closeCard();
    scene.network.mend();
    await phone.tap('交卷');
    await isSound(phone, 'hand-in dialog');
    await phone.tap('继续答题');
    const second = await scene.anotherPhone({ colorScheme });
    await second.signIn(account);
    await second.page.goto(phone.page.url());
    await second.sees('这场测评正在另一台设备上作答');
    await isSound(second, 'takeover');
    await second.context.close();
    await phone.handIn();
    await phone.sees('交卷成功');
    await isSound(phone, 'result');
    await phone.go('/history');
    await phone.page.locator('.list').waitFor();
    await isSound(phone, 'history');
  }));
}

test('enlarged to 200 % nothing is lost on 360 × 640', scene.withPhone({}, async (phone) => {
  await phone.sit(scene.server.sitting('业务水平测评'));
  for (let step = 0; step < 3; step++) await phone.page.locator('.tool').first().tap();
  await phone.page.locator('.percent', { hasText: '200%' }).waitFor();
  for (const place of [1, 20, 28, 33, 40, 48]) {
    await phone.turnTo(place);
    await fits(phone, `item ${place}`);
    const last = phone.page.locator('.options label').last();
    await last.scrollIntoViewIfNeeded();
    await last.tap();
    assert.ok((await phone.chosen()).length > 0, `item ${place}`);
  }
  await phone.page.reload();
  await phone.page.locator('.percent', { hasText: '200%' }).waitFor();
}));

test('with the system’s largest type every page still fits', scene.withPhone({}, async (phone) => {
  const { account, exam } = scene.server.sitting();
  // WeChat's largest font setting scales the root to some 165 %.
  await phone.page.addInitScript(() => {
    addEventListener('DOMContentLoaded', () => (document.documentElement.style.fontSize = '28px'));
  });
  await phone.go('/sign-in');
  await phone.button('登录').waitFor();
  await fits(phone, 'sign-in');
  await phone.signIn(account);
  await fits(phone, 'home');
  await phone.go('/exams');
  await phone.sees('公共知识测评');
  await fits(phone, 'exams');
  await phone.page.locator('.card', { hasText: exam }).getByRole('button', { name: '进入测评' }).tap();
  await phone.page.getByText('我已阅读并同意遵守上述规定').tap();
  await fits(phone, 'notice');
  await phone.tap('去考试');
  await phone.sees('可以参加考试');
  await fits(phone, 'device check');
  await phone.tap('开始考试');
  await phone.isSitting();
  await phone.saved();
  await fits(phone, 'exam');
  await phone.tap('答题卡');
  await fits(phone, 'answer card');
}));

test('in English no Chinese is left but what the exam itself says', scene.withPhone({}, async (phone) => {
  const { account, exam } = scene.server.sitting();
  const { authority, support_lines } = await scene.server.about();
  const chinese = async (allowed = []) => {
    const text = await phone.page.locator('body').innerText();
    const said = ['公共知识测评（演示）', '业务水平测评（演示）', '中文', authority, ...support_lines, ...allowed];
    const rest = said.reduce((left, one) => left.split(one).join(''), text);
    return rest.match(/\p{Script=Han}+/gu) ?? [];
  };
  await phone.go('/sign-in');
  await phone.tap('English');
  await phone.page.getByRole('heading', { name: 'Physicians’ Periodic Assessment' }).waitFor();
  assert.deepEqual(await chinese(), []);
  assert.equal(await phone.page.evaluate(() => document.documentElement.lang), 'en');
  await phone.page.locator('input[name=id_number]').fill(account.idNumber);
  await phone.page.locator('input[name=password]').fill(account.password);
  await phone.tap('Sign in');
  await phone.sees('Hello');
  assert.deepEqual(await chinese([account.name]), []);
  await phone.go('/exams');
  await phone.page.locator('.card', { hasText: exam }).getByRole('button', { name: 'Enter' }).tap();
  await phone.page.getByText('I have read the rules above').tap();
  await phone.tap('To the exam');
  await phone.sees('You can take the exam');
  assert.deepEqual(await chinese(), []);
  await phone.tap('Start the exam');
  await phone.isSitting();
  await phone.choose(0);
  await phone.saved();
  await phone.tap('Hand in');
  await phone.sees('49 items are not answered');
  await phone.tap('Hand in now');
  await phone.sees('Below the pass line');
  assert.deepEqual(await chinese(), []);
}));

test('sign-in and home name the authority and whom to turn to, and so does what went wrong', scene.withPhone({}, async (phone) => {
  const { account } = scene.server.sitting();
  const { authority, support_lines: [line] } = await scene.server.about();
  const seesBoth = async (page) => {
    await page.locator('header, footer').getByText(authority).waitFor();
    await page.locator('footer', { hasText: line }).waitFor();
  };
  await phone.go('/sign-in');
  await seesBoth(phone.page);
  assert.match(line, /000-00000000$/);
  assert.equal(await phone.page.getByRole('link', { name: '000-00000000' }).getAttribute('href'), 'tel:000-00000000');
  await phone.signIn(account);
  await seesBoth(phone.page);
  await phone.go('/attempts/00000000000000000000000000/result');
  await phone.page.locator('.trouble', { hasText: '代码 not_found' }).getByText('技术支持').waitFor();
  await isSound(phone, 'trouble');
  await until(() => phone.page.evaluate(() => navigator.serviceWorker.controller !== null), 'the kept pages');
  scene.network.cut();
  await phone.go('/');
  await phone.page.reload();
  await phone.sees('网络中断');
  await seesBoth(phone.page);
}));

/** The server lets 32 wait for their password to be checked; the others are given a place, and hold it for seconds. */
const CROWD = 300;

test('who comes in a crowd sees the place in the queue, and is signed in without doing anything', scene.withPhone({}, async (phone) => {
  const { account } = scene.server.sitting();
  await phone.go('/sign-in');
  await phone.page.locator('input[name=id_number]').fill(account.idNumber);
  await phone.page.locator('input[name=password]').fill(account.password);
  let crowd = scene.server.crowd(CROWD);
  await phone.tap('登录');
  const queued = phone.page.getByText(/您排在第 \d+ 位/);
  await queued.waitFor();
  assert.match(await phone.page.locator('[aria-live=polite]').innerText(), /您排在第 [1-9]\d* 位/);
  await phone.tap('取消排队');
  await phone.button('登录').waitFor();
  await crowd;
  crowd = scene.server.crowd(CROWD);
  await phone.tap('登录');
  await queued.waitFor();
  await phone.shoot('queued');
  await fits(phone, 'queued');
  scene.network.cut();
  await phone.sees('无法连接服务器');
  await queued.waitFor();
  scene.network.mend();
  await phone.page.getByText('您好').waitFor({ timeout: 20_000 }); // It asks again at its own pace.
  await crowd;
}));

test('a one-time code leads to a new password, whose rules tick while it is typed', scene.withPhone({}, async (phone) => {
  const { account } = scene.server.sitting();
  await phone.signIn(account);
  const me = await phone.ask('/me');
  const officer = await Officer.signIn(scene.server);
  const code = await officer.reset(me.candidate_id);
  await phone.context.clearCookies();
  await phone.page.reload();
  await phone.go('/sign-in');
  await phone.page.locator('input[name=id_number]').fill(account.idNumber);
  await phone.page.locator('input[name=password]').fill(code);
  await phone.tap('登录');
  await phone.sees('请先设置自己的密码');
  const fields = phone.page.locator('input[type=password]');
  await fields.nth(0).fill('kaoshi');
  assert.equal(await phone.page.locator('.rules .met').count(), 1);
  await fields.nth(0).fill('kaoshi20269');
  await fields.nth(1).fill('kaoshi20269');
  assert.equal(await phone.page.locator('.rules .met').count(), 4);
  await isSound(phone, 'new password');
  await fields.nth(0).fill(`a${account.idNumber.slice(6, 14)}`);
  await fields.nth(1).fill(`a${account.idNumber.slice(6, 14)}`);
  await phone.tap('保存并继续');
  await phone.sees('不能含有身份证号的一部分');
  await fields.nth(0).fill('kaoshi20269');
  await fields.nth(1).fill('kaoshi20269');
  await phone.tap('保存并继续');
  await phone.sees('您好');
  account.password = 'kaoshi20269';
}));

const refusesStorage = () => {
  const refuse = () => {
    throw new DOMException('refused', 'SecurityError');
  };
  Object.defineProperty(window, 'indexedDB', { get: refuse });
  Object.defineProperty(window, 'localStorage', { get: refuse });
};

test('W34: with storage refused it works from memory, says so, and a reload is still the same phone', scene.withPhone({ before: refusesStorage }, async (phone) => {
  const { account, exam } = scene.server.sitting();
  await phone.signIn(account);
  await phone.go('/check');
  await phone.sees('浏览器不允许保存');
  await phone.enter(exam);
  await phone.choose(1);
  await phone.saved();
  scene.network.cut();
  await phone.tap('下一题');
  await phone.choose(2);
  await phone.offline(1);
  await phone.sees('断网时请不要关闭页面');
  scene.network.mend();
  await phone.saved();
  await phone.page.reload();
  await phone.isSitting();
  await phone.saved();
  assert.deepEqual(Object.keys((await phone.onServer()).responses), ['1', '2']);
}));

const deletesNewInterfaces = () => {
  const gone = [
    [window, 'structuredClone'], [window, 'queueMicrotask'], [window, 'ResizeObserver'], [window, 'BroadcastChannel'],
    [window, 'requestIdleCallback'], [window, 'WeakRef'], [window, 'FinalizationRegistry'],
    [Crypto.prototype, 'randomUUID'], [Array.prototype, 'at'], [Array.prototype, 'flat'], [Array.prototype, 'flatMap'],
    [Array.prototype, 'findLast'], [Array.prototype, 'toSorted'], [Array.prototype, 'toReversed'],
    [String.prototype, 'at'], [String.prototype, 'replaceAll'], [String.prototype, 'matchAll'],
    [Object, 'fromEntries'], [Object, 'hasOwn'], [Promise, 'allSettled'], [Promise, 'any'],
    [Element.prototype, 'replaceChildren'], [Navigator.prototype, 'wakeLock'], [Navigator.prototype, 'serviceWorker'],
    [Navigator.prototype, 'locks'],
  ];
  for (const [owner, name] of gone) delete owner[name];
};

test('the whole path works without the interfaces that old phones lack', scene.withPhone({ before: deletesNewInterfaces }, async (phone) => {
  await phone.sit(scene.server.sitting());
  await phone.choose(1);
  await phone.saved();
  await phone.tap('答题卡');
  await phone.page.locator('.cell').nth(26).tap();
  await phone.choose(0);
  await phone.choose(1);
  await phone.tap('标记本题');
  scene.network.cut();
  await phone.choose(2);
  await phone.offline();
  scene.network.mend();
  await phone.saved();
  await phone.handIn();
  await phone.sees('交卷成功');
}));

test('everything can be done with the keyboard', scene.withPhone({ isMobile: false }, async (phone) => {
  await phone.sit(scene.server.sitting());
  await phone.page.locator('.options input').first().focus();
  await phone.page.keyboard.press('Space');
  assert.deepEqual(await phone.chosen(), ['a']);
  await phone.page.keyboard.press('ArrowDown');
  assert.deepEqual(await phone.chosen(), ['b']);
  await phone.button('答题卡').focus();
  await phone.page.keyboard.press('Enter');
  await until(() => phone.page.evaluate(() => document.activeElement.classList.contains('here')), 'the focus in the card');
  await phone.page.keyboard.press('Escape');
  await until(() => phone.page.evaluate(() => document.activeElement.textContent.trim() === '答题卡'), 'the focus back');
  await phone.page.locator('.card-sheet').waitFor({ state: 'hidden' });
  await phone.button('交卷').focus();
  await phone.page.keyboard.press('Enter');
  await until(() => phone.page.evaluate(() => document.activeElement.textContent.trim() === '继续答题'), 'the safer answer');
  await phone.page.keyboard.press('Enter');
  await phone.page.locator('.dialog').first().waitFor({ state: 'hidden' });
}));
