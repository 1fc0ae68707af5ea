// Time: the page's turned clock, the server's turned clock, and clocks that are wrong.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSound } from './support/audit.mjs';
import { fits } from './support/fits.mjs';
import { Invigilator } from './support/staff.mjs';
import { stage, until } from './support/stage.mjs';

const scene = stage();
const MINUTE = 60_000;

/** A second factor's code is good once: one sign-in for the whole file. */
async function invigilator() {
  scene.staff = scene.staff || (await Invigilator.signIn(scene.server));
  return scene.staff;
}

/** Both clocks go forward, as time does. */
async function turn(phone, ms) {
  await scene.server.turnClock(ms);
  await phone.turnClock(ms);
}

test('an invigilator pauses, resumes, locks, unlocks, writes and gives time', scene.withPhone({}, async (phone) => {
  await phone.sit(scene.server.sitting());
  const staff = await invigilator();
  const id = phone.attemptId();
  await staff.act(id, 'pause', { for_ms: 10 * MINUTE, reason: 'fire drill' });
  await phone.sees('考试已暂停');
  await staff.act(id, 'resume', { reason: 'over' });
  await phone.sees('考试已恢复');
  await phone.tap('知道了');
  await staff.act(id, 'lock', { reason: 'question' });
  await phone.sees('作答已锁定');
  await staff.act(id, 'unlock', { reason: 'answered' });
  await phone.sees('作答已解锁');
  await phone.tap('知道了');
  await staff.act(id, 'message', { text: '请保持安静' });
  await phone.sees('请保持安静');
  await phone.tap('知道了');
  const before = await phone.timeLeft();
  await staff.act(id, 'extend', { added_ms: 10 * MINUTE, reason: 'late start' });
  await phone.sees('监考老师为您延长了 10 分钟');
  await phone.tap('知道了');
  const gained = (await phone.timeLeft()) - before;
  assert.ok(gained > 9.8 * MINUTE, `${gained} ms`);
  await phone.choose(1);
  await phone.saved();
  await staff.act(id, 'end', { reason: 'test' });
  await phone.sees('监考老师结束');
}));

for (const colorScheme of ['light', 'dark']) {
  test(`an audit finds nothing serious on what comes over the exam, ${colorScheme}`, scene.withPhone({ colorScheme }, async (phone) => {
    const check = async (name) => {
      await isSound(phone, name);
      await fits(phone, name);
    };
    await phone.sit(scene.server.sitting());
    const staff = await invigilator();
    const id = phone.attemptId();
    await staff.act(id, 'pause', { for_ms: 10 * MINUTE, reason: 'fire drill' });
    await phone.sees('考试已暂停');
    await check('pause');
    await staff.act(id, 'resume', { reason: 'over' });
    await phone.sees('考试已恢复');
    await check('resumed');
    await phone.tap('知道了');
    await staff.act(id, 'lock', { reason: 'question' });
    await phone.sees('作答已锁定');
    await check('lock');
    await staff.act(id, 'unlock', { reason: 'answered' });
    await phone.tap('知道了');
    await phone.choose(0);
    await phone.saved();
    const held = [];
    await phone.context.route('**/submit', (route) => held.push(route));
    await phone.turnClock(61 * MINUTE);
    await phone.sees('时间到，正在交卷…');
    await check('time up');
    await phone.shoot(`time-up-${colorScheme}`);
    scene.network.cut();
    await phone.sees('时间到。已保存的答案将按时计分');
    await check('time up, offline');
    scene.network.mend();
    await phone.context.unroute('**/submit');
    for (const route of held) await route.abort().catch(() => null); // One of them was cut off before.
    await phone.sees('交卷成功');
  }));
}

test('the countdown turns amber at five minutes and red at one', scene.withPhone({}, async (phone) => {
  await phone.sit(scene.server.sitting());
  await phone.page.locator('.time.calm').waitFor();
  await phone.turnClock(55.5 * MINUTE);
  await phone.page.locator('.time.amber').waitFor();
  await phone.turnClock(4 * MINUTE);
  await phone.page.locator('.time.red').waitFor();
}));

test('at the deadline the page hands in by itself', scene.withPhone({}, async (phone) => {
  await phone.sit(scene.server.sitting());
  await phone.choose(0);
  await phone.saved();
  await scene.server.turnClock(60 * MINUTE - 4_000);
  await phone.turnClock(60 * MINUTE - 4_000);
  await phone.sees('1 题');
  await phone.sees('交卷成功');
  assert.equal((await phone.page.getByText(/本人交卷|时间到自动交卷/).count()) > 0, true);
}));

test('offline over the deadline: the page says what is saved, and shows the result afterwards', scene.withPhone({}, async (phone) => {
  await phone.sit(scene.server.sitting());
  await phone.choose(0);
  await phone.saved();
  scene.network.cut();
  await phone.tap('下一题');
  await phone.choose(1);
  await phone.offline(1);
  await turn(phone, 61 * MINUTE);
  await phone.sees('时间到。已保存的答案将按时计分');
  await phone.sees('服务器已保存 1 题，另有 1 题保存在手机上');
  assert.ok(await phone.page.locator('.options input').first().isDisabled());
  scene.network.mend();
  await phone.sees('交卷成功');
  await phone.sees('时间到自动交卷');
  await phone.sees('1 题');
}));

test('a server that stood still over the deadline gives the time back, and no tap is lost', scene.withPhone({}, async (phone) => {
  await phone.sit(scene.server.sitting());
  await phone.choose(0);
  await phone.saved();
  await turn(phone, (await phone.timeLeft()) - 8_000);
  await phone.page.locator('.time.red').waitFor();
  scene.server.process.kill('SIGSTOP');
  await phone.tap('下一题');
  await phone.choose(1);
  await phone.offline(1); // Its socket is open and dead.
  await phone.sees('时间到。已保存的答案将按时计分');
  await new Promise((resolve) => setTimeout(resolve, 4_000)); // An outage is longer than ten seconds.
  scene.server.process.kill('SIGCONT');
  await phone.sees('已补回中断的时间');
  // Asked of the server: the few seconds that were left may be over before the page says so.
  await until(async () => Object.keys((await phone.onServer()).responses).join() === '1,2', 'both taps');
}));

for (const [name, ms] of [['a day ahead', 24 * 60 * MINUTE], ['a day behind', -24 * 60 * MINUTE]]) {
  const before = `{
    const RealDate = Date;
    const off = ${ms};
    const now = RealDate.now.bind(RealDate);
    window.Date = class extends RealDate {
      constructor(...given) { if (given.length === 0) super(now() + off); else super(...given); }
      static now() { return now() + off; }
    };
  }`;
  test(`a phone whose clock is ${name} is told so, and sits the full time`, scene.withPhone({ before }, async (phone) => {
    const { account, exam } = scene.server.sitting();
    await phone.signIn(account);
    await phone.go('/check');
    await phone.sees('相差约 1440 分钟');
    await phone.enter(exam);
    assert.ok((await phone.timeLeft()) > 59 * MINUTE);
    await phone.choose(0);
    await phone.saved();
    await phone.page.reload();
    await phone.isSitting();
    await phone.saved();
    assert.ok((await phone.timeLeft()) > 59 * MINUTE);
  }));
}

test('a clock that is set in mid-exam changes nothing', scene.withPhone({}, async (phone) => {
  await phone.sit(scene.server.sitting());
  await phone.page.evaluate(() => {
    const now = Date.now.bind(Date);
    Date.now = () => now() + 24 * 3_600_000;
    document.dispatchEvent(new Event('visibilitychange'));
  });
  await phone.choose(0);
  await phone.saved();
  assert.ok((await phone.timeLeft()) > 59 * MINUTE);
}));
