// Reviews against the real server: the queue with its keys, a void by two people, an objection and a third.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deskRoom } from './support/desk.mjs';
import { enrolMember, photographed, Sitter, UNWATCHED, WATCHED } from './support/sitters.mjs';
import { stage, until } from './support/stage.mjs';
import { publishWatchedExams } from './support/watched.mjs';

const MINUTE = 60_000;
const EXAM = '抓拍测评甲';
const THIRD = 'test-officer';

const sitters = [];
const scene = stage(async (server) => {
  await publishWatchedExams(server);
  for (const account of server.accounts.slice(0, 4)) sitters.push(await Sitter.sit(server, { account, exam: EXAM }, sitters.length === 3 ? UNWATCHED : WATCHED));
  for (const [at, sitter] of sitters.entries()) if (at < 3) await photographed(sitter, ['collins', 'curtain', 'obama_1'][at]);
  await sitters[1].signal('hidden');
  await server.turnClock(3 * MINUTE);
  await sitters[1].signal('shown');
  for (const sitter of sitters) await sitter.handIn();
  await server.turnClock(MINUTE); // What is to be looked at is gathered a while after the end.
  await enrolMember(server, THIRD, '第三人', ['officer']);
});
const { desks, at } = deskRoom(scene);

const names = (desk) => desk.page.locator('tbody tr td:first-child').allInnerTexts();
const isAt = (desk, sitter) => until(() => desk.page.url().includes(`/attempts/${sitter.attempt}`), 'the attempt');
const byName = (name) => sitters.find(({ account }) => account.name === name);
/** The tag of where the review stands. */
const stands = (desk, word) => desk.page.getByRole('group', { name: '判定' }).locator('.el-tag', { hasText: word }).waitFor();

async function open(desk, sitter) {
  await desk.go(`/attempts/${sitter.attempt}`);
  await desk.page.getByRole('heading', { level: 1, name: new RegExp(sitter.account.name) }).waitFor();
}

async function looked(desk, name) {
  await desk.page.mouse.move(5, 5);
  const findings = await desk.audit();
  await desk.shoot(name);
  await desk.page.setViewportSize({ width: 1280, height: 720 });
  await desk.shoot(`${name}-small`);
  await desk.page.setViewportSize({ width: 1440, height: 900 });
  await desk.page.emulateMedia({ colorScheme: 'dark' });
  findings.push(...(await desk.audit(['color-contrast'])));
  await desk.shoot(`${name}-dark`);
  await desk.page.emulateMedia({ colorScheme: 'light' });
  assert.deepEqual(findings, [], name);
}

test('the queue has what waits and should be looked at, and is gone through by the keyboard', at('invigilator', async (desk) => {
  const { page } = desk;
  await desk.signIn('demo-invigilator');
  await until(async () => (await desk.ask('/reviews?state=waiting&severity=look', undefined, 'GET')).total === 4, 'all attempts in the queue');
  await desk.go('/reviews');
  await until(async () => (await names(desk)).length === 4, 'the queue');
  await looked(desk, 'reviews');
  const [first, second] = (await names(desk)).map(byName);
  await page.locator('tbody tr').first().focus();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('Enter');
  await isAt(desk, first);
  await desk.sees('第 1 份，共 4 份');
  await looked(desk, 'review');
  await page.keyboard.press('s');
  await desk.sees('记为可疑，成绩照常');
  assert.equal(await page.locator('textarea[name=reason]').filter({ visible: true }).inputValue(), '', 'the letter is no reason');
  await desk.shoot('review-reason');
  await desk.confirm('可疑', '背景有人走动');
  await isAt(desk, second);
  await desk.sees('第 1 份，共 3 份');
  await page.keyboard.press('a');
  await desk.sees('认定没有问题');
  await desk.confirm('正常', '光线不足');
  await until(() => /attempts/.test(page.url()) && !page.url().includes(second.attempt), 'the third');
}));

test('a letter that is typed decides nothing', at('invigilator', async (desk) => {
  const { page } = desk;
  await page.keyboard.press('v');
  await desk.sees('认定违反考试纪律');
  const reason = page.locator('textarea[name=reason]').filter({ visible: true });
  await reason.pressSequentially('sva');
  assert.equal(await reason.inputValue(), 'sva');
  await desk.sees('认定违反考试纪律');
  await page.getByRole('dialog').filter({ visible: true }).getByRole('button', { name: '取消' }).focus();
  await page.keyboard.press('s');
  await desk.sees('认定违反考试纪律');
  assert.equal(await page.getByText('记为可疑，成绩照常').filter({ visible: true }).count(), 0, 'a letter beside the field');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').filter({ visible: true }).waitFor({ state: 'hidden' });
  const { reviews } = await desk.ask('/reviews?state=waiting', undefined, 'GET');
  assert.equal(reviews.length, 2);
  await desk.press('下一份');
  await until(async () => (await page.getByText('第 2 份，共 2 份').count()) > 0, 'the last');
  assert.ok(await desk.button('下一份').isDisabled());
}));

test('a tab that was opened beside the queue belongs to it once it is opened from there', at('invigilator', async (desk) => {
  const { page } = desk;
  const id = /attempts\/([^?]+)/.exec(page.url())[1];
  await page.getByRole('link', { name: '返回队列' }).click();
  await page.getByRole('heading', { level: 1, name: '监考复核' }).waitFor();
  const row = page.locator('tbody tr').filter({ has: page.locator(`a[href*="${id}"]`) });
  await desk.go(`/attempts/${id}`);
  await page.getByRole('group', { name: '判定' }).waitFor();
  await page.keyboard.press('s');
  await desk.go('/reviews');
  await row.click();
  await desk.sees('第 2 份，共 2 份');
  await page.keyboard.press('s');
  await desk.sees('记为可疑，成绩照常');
  await page.keyboard.press('Escape');
  await page.getByRole('dialog').filter({ visible: true }).waitFor({ state: 'hidden' });
}));

test('who proposes a void cannot confirm it, and takes it back or waits for somebody else', at('invigilator', async (desk) => {
  const [, sitter] = sitters;
  await open(desk, sitter);
  await desk.press('提请作废');
  await desk.sees('须由另一人同意后才作废');
  await desk.shoot('review-propose');
  await desk.confirm('提请作废', '照片中无人');
  await stands(desk, '已提请作废');
  await desk.sees('由您提请作废');
  assert.ok(await desk.button('同意作废').isDisabled());
  await desk.press('撤回提请');
  await desk.confirm('撤回提请', '再看一遍');
  await desk.press('提请作废');
  await desk.confirm('提请作废', '照片中无人');
  await stands(desk, '已提请作废');
  await looked(desk, 'review-proposed');
}));

test('another person confirms it, after seeing what others did meanwhile', at('officer', async (desk) => {
  const { page } = desk;
  const [, sitter] = sitters;
  await desk.signIn('demo-officer');
  await desk.go('/reviews');
  await page.locator('label', { hasText: '已提请作废' }).locator('b', { hasText: /^1$/ }).waitFor();
  await page.getByText('已提请作废', { exact: true }).first().click();
  await page.getByRole('row', { name: new RegExp(sitter.account.name) }).click();
  await isAt(desk, sitter);
  await desk.sees('由 演示监考 提请作废');
  const invigilator = desks.invigilator;
  for (const act of ['decline_void', 'propose_void']) {
    const { review } = await invigilator.ask(`/attempts/${sitter.attempt}/watch`, undefined, 'GET');
    await invigilator.ask(`/attempts/${sitter.attempt}/review`, { act, reason: '改写理由', known: review.steps.length });
  }
  await desk.press('同意作废');
  await desk.sees('本次作答立即作废，不计成绩');
  const dialog = page.getByRole('dialog').filter({ visible: true }).last();
  await dialog.locator('textarea[name=reason]').fill('证据清楚');
  await dialog.getByRole('button', { name: '同意作废', exact: true }).click();
  await desk.sees('其他人刚刚修改过');
  await until(async () => (await page.getByText('改写理由').count()) === 2, 'the steps that came meanwhile');
  await dialog.getByRole('button', { name: '同意作废', exact: true }).click();
  await until(() => !page.url().includes(sitter.attempt), 'the way back to the queue');
  await open(desk, sitter);
  await stands(desk, '已作废');
  await page.getByRole('heading', { level: 1 }).getByText('已作废').waitFor();
  await desk.sees(/已作废。考生可在 .* 前申诉/);
  await looked(desk, 'review-void');
}));

test('an objection is decided by a third person, and what is upheld counts again', at('third', async (desk) => {
  const { page } = desk;
  const [, sitter] = sitters;
  await sitter.appeal('我去关了一下窗户，照片没有拍到我。');
  const { invigilator } = desks;
  await open(invigilator, sitter);
  await invigilator.page.reload();
  await stands(invigilator, '申诉待决');
  await invigilator.sees('您参与过此前的判定，须由另一人决定');
  assert.ok(await invigilator.button('申诉成立').isDisabled());
  await invigilator.shoot('review-objection-own');
  await desk.signIn(THIRD);
  await desk.go('/reviews?state=appealed');
  await page.getByRole('row', { name: new RegExp(sitter.account.name) }).press('Enter');
  await isAt(desk, sitter);
  await desk.sees('我去关了一下窗户');
  await looked(desk, 'review-objection');
  await desk.press('申诉成立');
  await desk.sees('已作废的恢复有效');
  await desk.confirm('申诉成立', '解释合理');
  await open(desk, sitter);
  await desk.sees('申诉成立，原认定已撤销');
  await page.getByRole('heading', { level: 1 }).getByText('已结束').waitFor();
  for (const word of ['正常', '提请作废']) assert.ok(await desk.button(word).isDisabled(), word);
  await looked(desk, 'review-upheld');
}));

test('filters of the queue stand in its address', at('third', async (desk) => {
  const { page } = desk;
  await desk.go('/reviews?state=all');
  await until(async () => (await names(desk)).length === 4, 'all');
  await page.getByRole('combobox', { name: '提示级别' }).selectOption('first');
  await until(() => /severity=first/.test(page.url()), 'the severity');
  const [, grave, , lighter] = sitters.map(({ account }) => account.name);
  await until(async () => !(await names(desk)).includes(lighter), 'the gravest');
  assert.ok((await names(desk)).includes(grave));
  await page.getByPlaceholder('考生姓名').fill('没有此人');
  await page.keyboard.press('Enter');
  await desk.sees('没有符合条件的作答');
  await desk.press('重置');
  await desk.sees('待判定');
}));
