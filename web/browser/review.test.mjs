// What a candidate sees of photographs and decisions, and says to them.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSound } from './support/audit.mjs';
import { fits } from './support/fits.mjs';
import { sitsThrough, threeJudges } from './support/judged.mjs';
import { stage, until } from './support/stage.mjs';
import { publishWatchedExams, watchedSitting } from './support/watched.mjs';

let first, second, third;
const scene = stage(async (server) => {
  await publishWatchedExams(server);
  [first, second, third] = await threeJudges(server);
});
const DAY = 24 * 60 * 60_000;
const REASON = '第 2 张照片中没有人，前后约一分钟。';
const WORDS = '当时笔掉到地上，我弯腰去捡，没有离开座位。';

/** An attempt of this phone that is over, with these pictures. */
const over = (phone, pictures = ['obama_1', 'curtain']) => sitsThrough(phone, scene.server, watchedSitting(scene.server), pictures);

const propose = (id) => first.decides(id, 'propose_void', '请另一位老师看一下。');
async function void_(id) {
  await propose(id);
  await second.decides(id, 'confirm_void', REASON);
}

async function holds(phone, name) {
  await isSound(phone, name);
  await fits(phone, name);
  await phone.shoot(`review-${name}`);
}

const heightOf = (phone) => phone.page.evaluate(() => document.documentElement.scrollHeight);

/** The whole page, to be looked at; and twice as large. */
async function holdsWhole(phone, name) {
  const size = phone.page.viewportSize();
  await phone.page.setViewportSize({ ...size, height: await heightOf(phone) });
  await holds(phone, name);
  const style = await phone.page.addStyleTag({ content: 'html { font-size: 34px !important; }' });
  await phone.page.setViewportSize({ ...size, height: await heightOf(phone) });
  await fits(phone, `${name} at 200 %`);
  await phone.shoot(`review-${name}-200`);
  await style.evaluate((element) => element.remove());
  await phone.page.setViewportSize(size);
}

const pictures = (phone) => phone.page.locator('.own img');
const loaded = (phone) => pictures(phone).evaluateAll((all) => all.filter((one) => one.naturalWidth > 0).length);

const write = (phone, text) => phone.page.getByLabel('您的说明').fill(text);
const written = (phone) => phone.page.getByLabel('您的说明').inputValue();
const draftKept = (phone) => phone.sees('草稿保存在这台手机上');

/** From the page of the objection to its end. */
async function send(phone) {
  await phone.tap('提交申诉');
  await phone.sees('只能提交一次，提交后不能修改');
  await phone.page.getByRole('dialog').getByRole('button', { name: '提交申诉' }).tap();
}

for (const colorScheme of ['light', 'dark']) {
  test(`who waits sees the own pictures, how long they are kept, and that people decide, ${colorScheme}`, scene.withPhone({ colorScheme }, async (phone) => {
    const id = await over(phone, ['obama_1', 'obama_2', 'curtain']);
    await phone.go(`/attempts/${id}/result`);
    await phone.sees('待复核');
    await holdsWhole(phone, `result-${colorScheme}`);
    await phone.page.getByRole('button', { name: '监考照片与复核' }).tap();
    await phone.sees('还没有人作出认定');
    await phone.sees('收到 3 张照片');
    await phone.sees('保存 90 天，到 ');
    await phone.page.locator('.own').last().scrollIntoViewIfNeeded();
    await until(async () => (await loaded(phone)) === 3, 'three pictures');
    await holdsWhole(phone, `waiting-${colorScheme}`);
    assert.equal(await phone.page.getByRole('button', { name: '我要申诉' }).count(), 0);
    await phone.page.locator('.own button').nth(1).tap();
    await phone.page.getByRole('dialog').getByRole('button', { name: '放大' }).tap();
    await isSound(phone, 'enlarged');
    await phone.shoot(`review-enlarged-${colorScheme}`);
    await phone.tap('关闭');
    await propose(id);
    await phone.page.reload();
    await phone.sees('还没有人作出认定'); // One person is nobody.
  }));
}

test('pictures are fetched when they are about to be seen, nine at first, and all are a tap away', scene.withPhone({ width: 360, height: 480 }, async (phone) => {
  const id = await over(phone, Array.from({ length: 11 }, (_, place) => (place % 2 ? 'obama_2' : 'obama_1')));
  const before = scene.network.answers.length;
  await first.decides(id, 'suspicious', REASON);
  await phone.go(`/attempts/${id}/review`);
  await phone.sees('收到 11 张照片');
  assert.equal(await phone.page.locator('.own').count(), 9);
  assert.ok((await pictures(phone).count()) < 9, 'all at once');
  await phone.tap('显示全部 11 张');
  await phone.page.locator('.own').last().scrollIntoViewIfNeeded();
  await until(async () => (await loaded(phone)) === 11, 'all of them');
  const asked = scene.network.answers.slice(before).filter(({ method, url }) => method === 'GET' && /\/snapshots\/./.test(url));
  assert.equal(asked.length, 11, 'each once');
}));

test('a picture that is deleted says so, and one that did not load is asked for again', scene.withPhone({}, async (phone) => {
  const id = await over(phone, ['obama_1', 'obama_2']);
  const { snapshots } = await phone.ask(`/attempts/${id}/review`);
  const gone = `**/snapshots/${snapshots[0].request_id}`;
  const broken = `**/snapshots/${snapshots[1].request_id}`;
  await phone.context.route(gone, (route) => route.fulfill({ status: 410, json: { code: 'deleted' } }));
  await phone.context.route(broken, (route) => route.abort());
  await phone.go(`/attempts/${id}/review`);
  await phone.page.locator('.own').last().scrollIntoViewIfNeeded();
  await phone.sees('已到期删除');
  await phone.sees('没有加载，点按重试');
  await holds(phone, 'pictures-gone');
  await phone.context.unroute(broken);
  await phone.tap('没有加载，点按重试');
  await until(async () => (await loaded(phone)) === 1, 'the picture');
  await phone.page.locator('.own button').tap();
  await phone.page.getByRole('dialog').getByText('图 1').waitFor();
  assert.equal(await phone.page.getByRole('button', { name: '下一张' }).count(), 0, 'what is gone is not leafed through');
}));

test('the consent can be withdrawn when the exam is over', scene.withPhone({}, async (phone) => {
  const id = await over(phone);
  await phone.go(`/attempts/${id}/review`);
  await phone.tap('撤回拍照同意');
  await phone.sees('成绩不受影响');
  await holds(phone, 'withdraw');
  scene.network.cut();
  await phone.page.getByRole('dialog').getByRole('button', { name: '撤回拍照同意' }).tap();
  await phone.sees('没有撤回成功');
  await fits(phone, 'not withdrawn');
  scene.network.mend();
  await phone.page.getByRole('dialog').getByRole('button', { name: '撤回拍照同意' }).tap();
  await phone.sees('您已撤回拍照同意');
  assert.equal(await phone.page.getByRole('button', { name: '撤回拍照同意' }).count(), 0);
}));

for (const colorScheme of ['light', 'dark']) {
  test(`a doubt is told with its reason and what it is about, and the way to object, ${colorScheme}`, scene.withPhone({ colorScheme }, async (phone) => {
    const id = await over(phone);
    await first.decides(id, 'suspicious', REASON);
    await phone.go('/history');
    await phone.sees('有疑点');
    await holds(phone, `history-${colorScheme}`);
    await phone.page.getByRole('button', { name: '监考照片与复核' }).first().tap();
    await phone.sees(REASON);
    await phone.sees('成绩没有因此改变');
    await phone.sees('照片中没有看到人');
    await phone.sees(/（还剩 [67] 天）前申诉/);
    await phone.page.locator('.own').last().scrollIntoViewIfNeeded();
    await until(async () => (await loaded(phone)) === 2, 'two pictures');
    await holdsWhole(phone, `suspicious-${colorScheme}`);
    assert.equal(await phone.page.getByText('演示').count(), 0, 'no names of staff');
    await phone.tap('返回');
    await phone.page.locator('.list').waitFor();
  }));

  test(`what two people voided is objected to, and a third gives the result back, ${colorScheme}`, scene.withPhone({ colorScheme }, async (phone) => {
    const id = await over(phone);
    const before = await phone.ask(`/attempts/${id}/result`);
    await void_(id);
    await phone.go(`/attempts/${id}/result`);
    await phone.sees('成绩作废');
    await phone.sees(/可在 \d+月\d+日 \d\d:\d\d 前申诉/);
    await holdsWhole(phone, `void-result-${colorScheme}`);
    await phone.tap('查看原因');
    await phone.sees('两位老师先后认定');
    await phone.sees(REASON);
    await until(async () => (await loaded(phone)) > 0, 'pictures');
    await holdsWhole(phone, `void-${colorScheme}`);
    await phone.tap('我要申诉');
    await phone.sees('只能提交一次，由没有参与过认定的另一位老师处理');
    assert.ok(await phone.button('提交申诉').isDisabled());
    await write(phone, 'a'.repeat(2_001));
    await phone.sees('超出 1 字，请删减');
    assert.ok(await phone.button('提交申诉').isDisabled());
    await holds(phone, `too-long-${colorScheme}`);
    await write(phone, `${WORDS}🙂`);
    await phone.sees(`${WORDS.length + 1} / 2000 字`);
    await draftKept(phone);
    await holdsWhole(phone, `writing-${colorScheme}`);
    await phone.tap('提交申诉');
    await holds(phone, `asks-${colorScheme}`);
    await phone.tap('再看看');
    await phone.page.locator('.modal').waitFor({ state: 'hidden' });
    await send(phone);
    await phone.sees('申诉处理中');
    await phone.sees(`${WORDS}🙂`);
    await holdsWhole(phone, `appealed-${colorScheme}`);
    assert.equal(await phone.page.getByRole('button', { name: '我要申诉' }).count(), 0);
    await third.decides(id, 'uphold_appeal', '说明属实，座位没有离开。');
    await phone.page.reload();
    await phone.sees('成绩已经恢复');
    await holdsWhole(phone, `upheld-${colorScheme}`);
    await phone.tap('返回');
    await phone.sees('申诉成立');
    const after = await phone.ask(`/attempts/${id}/result`);
    assert.deepEqual([after.verdict, after.points], [before.verdict, before.points]);
    assert.equal(await phone.page.getByText('成绩作废').count(), 0);
  }));
}

test('an objection that is not right says what stays', scene.withPhone({}, async (phone) => {
  const id = await over(phone);
  await void_(id);
  await phone.ask(`/attempts/${id}/review`);
  await phone.go(`/attempts/${id}/appeal`);
  await write(phone, WORDS);
  await send(phone);
  await phone.sees('申诉处理中');
  await third.decides(id, 'dismiss_appeal', '照片与说明不符。');
  await phone.page.reload();
  await phone.sees('原来的认定不变：成绩作废');
  await phone.sees('照片与说明不符');
  await holdsWhole(phone, 'dismissed');
  await phone.tap('返回');
  await phone.sees('原因和处理情况见');
  await phone.go(`/attempts/${id}/appeal`);
  await phone.sees('申诉不成立'); // There is nothing to be written any more.
}));

test('a draft survives a reload, a lost network and a sign-in that is over; nothing is lost', scene.withPhone({}, async (phone) => {
  const sitting = watchedSitting(scene.server);
  const id = await sitsThrough(phone, scene.server, sitting, ['curtain']);
  await first.decides(id, 'violation', REASON);
  await phone.go(`/attempts/${id}/appeal`);
  await write(phone, WORDS);
  await draftKept(phone);
  await phone.page.reload();
  await until(async () => (await written(phone)) === WORDS, 'the draft');
  await until(() => phone.page.evaluate(() => navigator.serviceWorker.controller !== null), 'the kept pages');
  scene.network.cut();
  await send(phone);
  await phone.sees('网络中断，还没有提交');
  assert.equal(await written(phone), WORDS);
  await holds(phone, 'offline-sent');
  await phone.page.reload();
  await phone.sees('网络中断。可以继续写');
  await write(phone, `${WORDS}另有监控为证。`);
  await draftKept(phone);
  await holds(phone, 'offline-writing');
  await phone.tap('返回');
  await phone.sees('无法连接服务器');
  await phone.sees('您写的内容保存在这台手机上');
  await holds(phone, 'offline');
  await phone.tap('继续写申诉');
  await until(async () => (await written(phone)) === `${WORDS}另有监控为证。`, 'the draft');
  scene.network.mend();
  await phone.context.clearCookies();
  await send(phone);
  await phone.sees('登录已失效，还没有提交');
  await phone.tap('请重新登录');
  await phone.page.locator('input[name=id_number]').fill(sitting.account.idNumber);
  await phone.page.locator('input[name=password]').fill(sitting.account.password);
  await phone.tap('登录');
  await until(async () => (await written(phone)) === `${WORDS}另有监控为证。`, 'the draft');
  await send(phone);
  await phone.sees('申诉处理中');
  await phone.sees('另有监控为证');
  assert.equal(await phone.page.getByText('还没有提交').count(), 0);
}));

test('an objection whose answer was lost is found to have come through', scene.withPhone({}, async (phone) => {
  const id = await over(phone);
  await first.decides(id, 'suspicious', REASON);
  await phone.go(`/attempts/${id}/appeal`);
  await write(phone, WORDS);
  await phone.context.route('**/appeal', async (route) => {
    await route.fetch();
    await route.abort();
  });
  await send(phone);
  await phone.sees('网络中断，还没有提交');
  await phone.context.unroute('**/appeal');
  await send(phone);
  await phone.sees('申诉处理中');
  await phone.page.reload();
  await phone.sees(WORDS);
}));

test('when another device has objected meanwhile, what was written here is still there', scene.withPhone({}, async (phone) => {
  const id = await over(phone);
  await first.decides(id, 'suspicious', REASON);
  await phone.go(`/attempts/${id}/appeal`);
  await write(phone, WORDS);
  await phone.context.request.post(`${scene.network.origin}/api/v1/attempts/${id}/appeal`, { data: { text: '另一份' }, headers: { origin: scene.network.origin } });
  await send(phone);
  await phone.sees('这次测评已经申诉过');
  assert.equal(await written(phone), WORDS);
  await holds(phone, 'appealed-elsewhere');
  await phone.tap('查看复核情况');
  await phone.sees('另一份');
}));

test('without a decision there is nothing to object to, and an exam that is not watched has no such page', scene.withPhone({}, async (phone) => {
  const id = await over(phone);
  await phone.go(`/attempts/${id}/appeal`);
  await phone.sees('待复核');
  const other = await scene.anotherPhone();
  const sitting = scene.server.sitting('公共知识测评');
  const plain = await sitsThrough(other, scene.server, sitting, []);
  await other.go(`/attempts/${plain}/result`);
  await other.sees('交卷成功');
  await until(() => scene.network.answers.some(({ url }) => url.includes(`${plain}/review`)), 'the review');
  assert.equal(await other.page.getByRole('button', { name: '监考照片与复核' }).count(), 0);
  await other.go(`/attempts/${id}/review`);
  await other.sees('这项内容不存在，或不属于您的账号');
  await other.context.close();
}));

test('in English every state reads the same', scene.withPhone({ before: () => localStorage.setItem('exam.language', 'en') }, async (phone) => {
  const id = await over(phone);
  await void_(id);
  await phone.go(`/attempts/${id}/result`);
  await phone.sees('you can object until');
  await fits(phone, 'English result');
  await phone.tap('See why');
  await phone.sees('Two people, one after the other');
  await phone.sees('Nobody seen in a picture');
  await holdsWhole(phone, 'english');
  await phone.tap('Object');
  await phone.sees('It can be sent once');
  await holdsWhole(phone, 'english-writing');
}));

// The clock of the server is turned by days: this comes last.
test('too late is said at once, and while somebody still writes; the words stay', scene.withPhone({}, async (phone) => {
  const sitting = watchedSitting(scene.server);
  const id = await sitsThrough(phone, scene.server, sitting, ['curtain']);
  await void_(id);
  await phone.go(`/attempts/${id}/appeal`);
  await write(phone, WORDS);
  await draftKept(phone);
  await scene.server.turnClock(8 * DAY);
  const { idNumber, password } = sitting.account;
  await phone.ask('/sign-in', { id_number: idNumber, password }); // The one before is over by now.
  await send(phone);
  await phone.sees('申诉期已经结束，没有提交');
  assert.equal(await written(phone), WORDS);
  await holds(phone, 'too-late-writing');
  await phone.tap('查看复核情况');
  await phone.sees(/申诉期已于 .* 结束/);
  await holdsWhole(phone, 'too-late');
  await phone.tap('查看没有提交的内容');
  await until(async () => (await written(phone)) === WORDS, 'the draft');
  await phone.tap('返回');
  assert.equal(await phone.page.getByRole('button', { name: '我要申诉' }).count(), 0);
  await phone.tap('返回');
  await phone.sees('原因和处理情况见');
}));
