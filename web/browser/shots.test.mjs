// Pictures of every screen, to be looked at: browser/shots/. Nothing on them is cut off at a side.
import { test } from 'node:test';
import { fits } from './support/fits.mjs';
import { Invigilator } from './support/staff.mjs';
import { stage } from './support/stage.mjs';

const scene = stage();
const MINUTE = 60_000;

/** A camera for one phone: each picture is checked as it is taken. */
function camera(phone, name) {
  let number = 0;
  return async (what) => {
    const place = String(++number).padStart(2, '0');
    await phone.shoot(`${name}-${place}-${what}`);
    await fits(phone, `${name} ${what}`);
  };
}

async function everyScreen(phone, shoot, { account }) {
  const exam = '业务水平测评';
  await phone.go('/sign-in');
  await phone.button('登录').waitFor();
  await shoot('sign-in');
  await phone.tap('登录');
  await phone.sees('身份证号应为');
  await shoot('sign-in-problem');
  await phone.signIn(account);
  await shoot('home');
  await phone.go('/history');
  await phone.sees('还没有成绩');
  await shoot('history-empty');
  await phone.go('/exams');
  await phone.sees(exam);
  await shoot('exams');
  await phone.page.locator('.card', { hasText: exam }).getByRole('button', { name: '进入测评' }).tap();
  await phone.page.getByText('我已阅读并同意遵守上述规定').tap();
  await shoot('notice');
  await phone.tap('去考试');
  await phone.sees('可以参加考试');
  await shoot('check');
  await phone.tap('开始考试');
  await phone.isSitting();
  await phone.saved();
  await shoot('exam');
  await phone.choose(1);
  await phone.tap('标记本题');
  await phone.saved();
  await shoot('exam-chosen');
  await phone.turnTo(28);
  await shoot('case');
  await phone.page.locator('.case button').tap();
  await shoot('case-folded');
  await phone.turnTo(40);
  await shoot('shared-options');
  await phone.turnTo(48);
  await phone.choose(0);
  await phone.choose(2);
  await shoot('many');
  await phone.turnTo(50);
  await shoot('last-item');
  for (let step = 0; step < 3; step++) await phone.page.locator('.tool').first().tap();
  await phone.turnTo(28);
  await shoot('case-200');
  await phone.turnTo(48);
  await shoot('many-200');
  await phone.page.locator('.tool').first().tap();
  await phone.tap('返回');
  await shoot('leave-dialog');
  await phone.tap('继续答题');
  scene.network.cut();
  await phone.turnTo(5);
  await phone.choose(0);
  await phone.tap('下一题');
  await phone.choose(0);
  await phone.offline(2);
  await shoot('offline');
  await phone.tap('答题卡');
  await shoot('answer-card');
  await phone.closeCard();
  await phone.tap('交卷');
  await shoot('hand-in-offline');
  await phone.tap('继续答题');
  await phone.page.locator('.modal').waitFor({ state: 'hidden' });
  await phone.turnClock(56 * MINUTE);
  await phone.page.locator('.time.amber').waitFor();
  await shoot('amber');
  await phone.turnClock(5 * MINUTE);
  await phone.sees('时间到');
  await shoot('time-up-offline');
  scene.network.mend();
  await phone.saved();
  const staff = scene.staff ?? (scene.staff = await Invigilator.signIn(scene.server));
  const id = phone.attemptId();
  await shoot('time-back');
  await staff.act(id, 'pause', { for_ms: 10 * MINUTE, reason: 'fire drill' });
  await phone.sees('考试已暂停');
  await shoot('paused');
  await staff.act(id, 'resume', { reason: 'over' });
  await phone.tap('知道了');
  await staff.act(id, 'lock', { reason: 'question' });
  await phone.sees('作答已锁定');
  await shoot('locked');
  await staff.act(id, 'unlock', { reason: 'answered' });
  await phone.tap('知道了');
  await staff.act(id, 'message', { text: '请保持安静，考场内不要交谈。' });
  await phone.sees('请保持安静');
  await shoot('message');
  await phone.tap('知道了');
  await phone.page.locator('.modal').waitFor({ state: 'hidden' });
  const look = { colorScheme: phone.scheme, width: phone.width, height: phone.height };
  const second = await scene.anotherPhone(look, await scene.anotherNetwork());
  await second.signIn(account);
  await camera(second, `${phone.name}-second`)('home-running');
  await second.go(`/attempts/${id}`);
  await second.sees('另一台设备');
  await camera(second, `${phone.name}-second-2`)('elsewhere');
  scene.network.cut();
  await phone.turnTo(7);
  await phone.choose(2);
  await phone.offline(1);
  await second.tap('在本机继续');
  await second.isSitting();
  await second.tap('知道了'); // What was said last may not have been heard.
  await second.saved();
  scene.network.mend();
  await phone.sees('未能同步');
  await shoot('taken');
  await second.handIn();
  await second.sees('交卷成功');
  await camera(second, `${phone.name}-second-3`)('result');
  await second.go('/history');
  await second.page.locator('.list').waitFor();
  await camera(second, `${phone.name}-second-4`)('history');
  await second.context.close();
}

const kinds = [
  { name: 'light-360', width: 360, height: 640, colorScheme: 'light' },
  { name: 'dark-412', width: 412, height: 915, colorScheme: 'dark' },
];
for (const { name, ...size } of kinds) {
  test(`every screen, ${name}`, scene.withPhone(size, async (phone) => {
    Object.assign(phone, { name, scheme: size.colorScheme, width: size.width, height: size.height });
    await everyScreen(phone, camera(phone, name), scene.server.sitting('业务水平测评'));
  }));
}

test('a few screens in English', scene.withPhone({ before: () => localStorage.setItem('exam.language', 'en') }, async (phone) => {
  const shoot = camera(phone, 'english-360');
  const { account, exam } = scene.server.sitting('公共知识测评');
  await phone.go('/sign-in');
  await phone.button('Sign in').waitFor();
  await shoot('sign-in');
  await phone.page.locator('input[name=id_number]').fill(account.idNumber);
  await phone.page.locator('input[name=password]').fill(account.password);
  await phone.tap('Sign in');
  await phone.sees('Hello');
  await shoot('home');
  await phone.go('/exams');
  await phone.page.locator('.card', { hasText: exam }).getByRole('button', { name: 'Enter' }).waitFor();
  await shoot('exams');
  await phone.page.locator('.card', { hasText: exam }).getByRole('button', { name: 'Enter' }).tap();
  await phone.page.getByText('I have read the rules above').tap();
  await shoot('notice');
  await phone.tap('To the exam');
  await phone.sees('You can take the exam');
  await shoot('check');
  await phone.tap('Start the exam');
  await phone.isSitting();
  await phone.choose(0);
  await phone.saved();
  await shoot('exam');
  scene.network.cut();
  await phone.choose(1);
  await phone.page.locator('.saving.offline').waitFor();
  await shoot('offline');
  scene.network.mend();
  await phone.saved();
  await phone.tap('Overview');
  await shoot('answer-card');
  await phone.closeCard();
  await phone.tap('Hand in');
  await shoot('hand-in');
  await phone.tap('Hand in now');
  await phone.sees('Below the pass line');
  await shoot('result');
}));
