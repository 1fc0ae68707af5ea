// From sign-in to the result, on a phone, against the real server.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stage, until } from './support/stage.mjs';

const scene = stage();

test('a physician signs in, sits an exam, hands in, fails and enters again', scene.withPhone({}, async (phone) => {
  const { account, exam } = scene.server.sitting();
  await phone.go('/');
  await phone.page.locator('input[name=id_number]').fill(account.idNumber.slice(0, 17));
  await phone.page.locator('input[name=password]').fill(account.password);
  await phone.tap('登录');
  await phone.sees('现在是 17 位');
  await phone.page.locator('input[name=id_number]').fill(account.idNumber);
  await phone.page.locator('input[name=password]').fill('wrong password 1');
  await phone.tap('登录');
  await phone.sees('身份证号或密码不正确');
  await phone.page.locator('input[name=password]').fill(account.password);
  await phone.tap('登录');
  await phone.sees(account.name);
  await phone.page.locator('.tile').first().tap();
  await phone.page.locator('.card', { hasText: exam }).getByRole('button', { name: '进入测评' }).tap();
  assert.ok(await phone.button('去考试').isDisabled(), 'nobody goes on without agreeing');
  await phone.page.getByText('我已阅读并同意遵守上述规定').tap();
  await phone.tap('去考试');
  await phone.sees('可以参加考试');
  await phone.tap('开始考试');
  await phone.isSitting();
  for (let place = 0; place < 3; place++) {
    await phone.choose(place);
    await phone.tap('下一题');
  }
  await phone.tap('标记本题');
  await phone.saved();
  const state = await until(async () => {
    const { responses, marked } = await phone.onServer();
    return Object.keys(responses).length === 3 && marked.length === 1 && { responses, marked };
  });
  assert.deepEqual(state, { responses: { 1: ['a'], 2: ['b'], 3: ['c'] }, marked: [4] });
  await phone.tap('交卷');
  await phone.sees('还有 47 题未作答，1 题标记');
  await phone.tap('继续答题');
  await phone.handIn();
  await phone.sees('交卷成功');
  await phone.sees('未达到合格线');
  await phone.sees('3 题');
  await phone.tap('再次测评');
  await phone.page.getByText('我已阅读并同意遵守上述规定').waitFor();
  await phone.go('/history');
  await phone.page.locator('.list li').first().tap();
  await phone.sees('本人交卷');
  const records = await phone.page.evaluate(async () => {
    const open = indexedDB.open('exam', 1);
    await new Promise((resolve) => (open.onsuccess = resolve));
    const keys = open.result.transaction('records').objectStore('records').getAllKeys();
    await new Promise((resolve) => (keys.onsuccess = resolve));
    return keys.result;
  });
  assert.deepEqual(records, [], 'the paper does not stay on the phone');
}));

test('many may be chosen where the item says so, and one where it does not', scene.withPhone({}, async (phone) => {
  const sitting = scene.server.sitting();
  await phone.sit(sitting);
  await phone.choose(0);
  await phone.choose(2);
  assert.deepEqual(await phone.chosen(), ['c']);
  await phone.turnTo(27);
  await phone.page.locator('.item .badge', { hasText: '多选' }).waitFor();
  await phone.choose(0);
  await phone.choose(2);
  await phone.choose(3);
  await phone.choose(0);
  assert.deepEqual(await phone.chosen(), ['c', 'd']);
  await phone.saved();
  assert.deepEqual((await phone.onServer()).responses, { 1: ['c'], 27: ['c', 'd'] });
}));

test('a reload brings the same paper, place, responses, marks and time', scene.withPhone({}, async (phone) => {
  await phone.sit(scene.server.sitting());
  await phone.turnTo(7);
  await phone.choose(1);
  await phone.tap('标记本题');
  await phone.saved();
  const [stem, before] = [await phone.page.locator('.stem').innerText(), await phone.timeLeft()];
  await phone.page.reload();
  await phone.isSitting();
  await phone.saved();
  assert.equal(await phone.page.locator('.stem').innerText(), stem);
  assert.equal(await phone.place(), 7);
  assert.deepEqual(await phone.chosen(), ['b']);
  await phone.button('取消标记').waitFor();
  const lost = before - (await phone.timeLeft());
  assert.ok(lost >= 0 && lost < 6_000, `${lost} ms`);
}));

test('the back gesture asks, and staying costs nothing', scene.withPhone({}, async (phone) => {
  await phone.walkIn(scene.server.sitting());
  await phone.choose(1);
  await phone.page.evaluate(() => history.back());
  await phone.sees('离开考试页面？');
  await phone.tap('继续答题');
  assert.deepEqual(await phone.chosen(), ['b']);
  await phone.tap('返回');
  await phone.tap('离开');
  await phone.sees('正在进行');
  await phone.page.locator('.card', { hasText: '正在进行' }).getByRole('button', { name: '继续作答' }).tap();
  await phone.isSitting();
  assert.deepEqual(await phone.chosen(), ['b']);
}));

test('who was away is told how long, and the server hears of it', scene.withPhone({}, async (phone) => {
  await phone.sit(scene.server.sitting());
  const hide = (state) =>
    phone.page.evaluate((value) => {
      Object.defineProperty(document, 'visibilityState', { value, configurable: true });
      document.dispatchEvent(new Event('visibilitychange'));
    }, state);
  await hide('hidden');
  await phone.turnClock(75_000);
  await hide('visible');
  await phone.sees('您离开了考试页面 1 分 15 秒');
  await phone.handIn();
  await phone.sees('交卷成功');
  const text = JSON.stringify(await phone.ask(`/attempts/${phone.attemptId()}/record`));
  assert.match(text, /hidden/);
  assert.match(text, /shown/);
}));
