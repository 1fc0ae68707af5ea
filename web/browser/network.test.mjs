// The network goes, the server goes, sockets are refused: nothing that was tapped is lost.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stage, until } from './support/stage.mjs';

const scene = stage();

const onServer = (phone, expected) =>
  until(async () => {
    const { responses } = await phone.onServer();
    return JSON.stringify(responses) === JSON.stringify(expected);
  }, JSON.stringify(expected));

test('taps without network are kept, counted and sent when it is back', scene.withPhone({}, async (phone) => {
  await phone.sit(scene.server.sitting());
  scene.network.cut();
  for (let place = 0; place < 3; place++) {
    await phone.choose(place);
    await phone.tap('下一题');
  }
  await phone.offline(3);
  await phone.sees('网络中断，可以继续作答');
  assert.equal(await phone.page.locator('.saving.saved').count(), 0, 'never a false tick');
  await phone.tap('答题卡');
  assert.equal(await phone.page.locator('.cell.unsaved').count(), 3);
  await phone.closeCard();
  scene.network.mend();
  await phone.saved();
  await onServer(phone, { 1: ['a'], 2: ['b'], 3: ['c'] });
}));

test('a reload without network shows the same paper, and what was tapped before it is not lost', scene.withPhone({}, async (phone) => {
  await phone.sit(scene.server.sitting());
  await until(() => phone.page.evaluate(() => navigator.serviceWorker.controller !== null), 'the kept pages');
  await phone.choose(0);
  await phone.saved();
  scene.network.cut();
  await phone.tap('下一题');
  await phone.choose(1);
  await phone.offline(1);
  await phone.page.reload();
  await phone.isSitting();
  await phone.offline(1);
  assert.equal(await phone.place(), 2);
  assert.deepEqual(await phone.chosen(), ['b']);
  await phone.tap('下一题');
  await phone.choose(2);
  await phone.offline(2);
  scene.network.mend();
  await phone.saved();
  await onServer(phone, { 1: ['a'], 2: ['b'], 3: ['c'] });
}));

test('the browser says it is offline: the candidate hears it at once, and the way back too', scene.withPhone({}, async (phone) => {
  await phone.sit(scene.server.sitting());
  await phone.context.setOffline(true);
  await phone.choose(3);
  await phone.offline(1);
  await phone.context.setOffline(false);
  await phone.saved();
  await onServer(phone, { 1: ['d'] });
}));

test('where sockets are refused everything goes by requests', scene.withPhone({}, async (phone) => {
  scene.network.refusesSockets = true;
  await phone.sit(scene.server.sitting());
  await phone.choose(2);
  await phone.saved();
  await onServer(phone, { 1: ['c'] });
  await phone.tap('下一题');
  await phone.choose(0);
  await phone.handIn();
  await phone.sees('交卷成功');
  await phone.sees('2 题');
}));

test('handing in without network goes on by itself when it is back', scene.withPhone({}, async (phone) => {
  await phone.sit(scene.server.sitting());
  scene.network.cut();
  await phone.choose(1);
  await phone.offline(1);
  await phone.tap('交卷');
  await phone.sees('现在离线，1 题未同步');
  await phone.tap('现在交卷');
  await phone.sees('恢复后自动交卷');
  scene.network.mend();
  await phone.sees('交卷成功');
  await phone.sees('1 题');
}));

test('a hand-in that was overtaken by its own page’s new socket still counts', scene.withPhone({}, async (phone) => {
  await phone.sit(scene.server.sitting());
  await phone.choose(0);
  await phone.saved();
  const held = [];
  await phone.context.route('**/submit', (route) => held.push(route));
  const epoch = async () => (await phone.onServer()).epoch;
  const before = await epoch();
  await phone.handIn();
  await until(() => held.length > 0, 'the hand-in');
  for (const socket of scene.network.sockets) if (socket.isWebSocket) socket.destroy();
  await until(async () => (await epoch()) > before, 'the new socket');
  await held[0].continue();
  await phone.sees('交卷成功');
  await phone.sees('1 题');
}));

test('the server is killed in mid-exam and comes back: no tap is lost', scene.withPhone({}, async (phone) => {
  await phone.sit(scene.server.sitting());
  await phone.choose(0);
  await phone.saved();
  await scene.server.kill();
  await phone.tap('下一题');
  await phone.choose(1);
  await phone.offline(1);
  await scene.server.run();
  await phone.saved();
  await onServer(phone, { 1: ['a'], 2: ['b'] });
}));

test('W33: of two pages of one phone the newer writes, and the older says so and takes it back', scene.withPhone({}, async (phone) => {
  await phone.sit(scene.server.sitting());
  await phone.choose(0);
  await phone.saved();
  const second = await phone.anotherTab();
  await second.page.goto(phone.page.url());
  await second.isSitting();
  await phone.sees('已在另一个窗口继续作答');
  await second.tap('下一题');
  await second.choose(1);
  await second.saved();
  await phone.page.bringToFront();
  await phone.tap('在这里继续');
  await phone.isSitting();
  await second.sees('已在另一个窗口继续作答');
  await phone.turnTo(3);
  await phone.choose(2);
  await phone.saved();
  await onServer(phone, { 1: ['a'], 2: ['b'], 3: ['c'] });
}));

test('a second phone asks before it takes over; the first shows what it could not send', scene.withPhone({}, async (phone) => {
  const sitting = scene.server.sitting();
  await phone.sit(sitting);
  await phone.choose(0);
  await phone.saved();
  const second = await scene.anotherPhone();
  await second.signIn(sitting.account);
  await second.page.goto(phone.page.url());
  await second.sees('这场测评正在另一台设备上作答');
  scene.network.isCut = true; // The first phone loses its network, the second one is on another.
  for (const socket of scene.network.sockets) socket.destroy();
  await phone.tap('下一题');
  await phone.choose(3);
  await phone.offline(1);
  scene.network.mend();
  await second.tap('在本机继续');
  await second.isSitting();
  await second.saved();
  assert.deepEqual(await second.chosen(), ['a']);
  await until(async () => (await phone.page.getByText('另一台设备').count()) > 0, 'the notice on the first phone');
  await phone.tap('在本机继续');
  await phone.isSitting();
  await second.sees('已在另一台设备继续作答');
  await second.context.close();
}));

test('what a phone could not send before it was taken over is shown there and not counted', scene.withPhone({}, async (phone) => {
  const sitting = scene.server.sitting();
  await phone.sit(sitting);
  const second = await scene.anotherPhone({}, await scene.anotherNetwork());
  await second.signIn(sitting.account);
  await second.go(`/attempts/${phone.attemptId()}`);
  await second.sees('这场测评正在另一台设备上作答');
  scene.network.cut();
  await phone.choose(2);
  await phone.offline(1);
  await second.tap('在本机继续');
  await second.isSitting();
  await second.choose(0);
  await second.saved();
  scene.network.mend();
  await phone.sees('已在另一台设备继续作答');
  await phone.sees('以下 1 题的作答未能同步');
  await phone.sees('第 1 题：C');
  await phone.tap('在本机继续');
  await phone.isSitting();
  await phone.saved();
  assert.deepEqual(await phone.chosen(), ['a'], 'what was overtaken does not come back');
  await onServer(second, { 1: ['a'] });
  await second.context.close();
}));

test('a phone that is taken over while it is online hears of it at once', scene.withPhone({}, async (phone) => {
  const sitting = scene.server.sitting();
  await phone.sit(sitting);
  const second = await scene.anotherPhone();
  await second.signIn(sitting.account);
  await second.go(`/attempts/${phone.attemptId()}`);
  await second.tap('在本机继续');
  await second.isSitting();
  await phone.sees('已在另一台设备继续作答');
  await second.context.close();
}));
