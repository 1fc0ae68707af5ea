// Invigilators, officers and operators against the real server: a running attempt, the roster, members, results.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Desk, deskRoom } from './support/desk.mjs';
import { stage, until } from './support/stage.mjs';

const scene = stage();
const { at } = deskRoom(scene);
const EXAM = '公共知识测评';
const INSTITUTION = '演示市第一人民医院';
const seated = [];

/** Another physician at the exam. */
async function sitDown() {
  const { account } = scene.server.sitting(EXAM);
  const phone = await scene.anotherPhone();
  await phone.sit({ account, exam: EXAM });
  await phone.choose(1);
  await phone.saved();
  seated.push({ phone, account });
  return { phone, account };
}

async function examOf(desk) {
  const { exams } = await desk.ask('/exams', undefined, 'GET');
  return exams.find(({ title }) => title.includes(EXAM));
}

const rowOf = (desk, account) => desk.page.getByRole('row', { name: new RegExp(account.name) });

async function choose(desk, account, what) {
  await rowOf(desk, account).getByRole('button', { name: new RegExp(account.name) }).click();
  await desk.page.getByRole('menuitem', { name: what, exact: true }).click();
}

/** Does one of the acts that are asked for with a reason. */
async function act(desk, account, what, effect) {
  await choose(desk, account, what);
  await desk.sees(effect);
  await desk.confirm(what);
}

test('what an invigilator does to a running attempt, the phone shows: said, paused, resumed, locked, unlocked', at('invigilator', async (desk) => {
  const { phone, account } = await sitDown();
  await desk.signIn('demo-invigilator');
  await desk.go('/live');
  await choose(desk, account, '发消息');
  const dialog = desk.page.getByRole('dialog', { name: `给 ${account.name} 发消息` });
  await dialog.locator('textarea').fill('请把手机放平');
  assert.deepEqual(await desk.audit(), []);
  await desk.shoot('message');
  await dialog.getByRole('button', { name: '发送' }).click();
  await phone.sees('请把手机放平');
  await phone.tap('知道了');
  await act(desk, account, '暂停', '分钟后自动恢复');
  await phone.sees('监考老师暂停了计时');
  await rowOf(desk, account).getByText('已暂停').waitFor();
  await act(desk, account, '恢复', '继续计时');
  await phone.sees('考试已恢复');
  await phone.tap('知道了');
  await act(desk, account, '锁定', '不能继续作答，计时不停');
  await phone.sees('请联系监考老师解锁');
  await rowOf(desk, account).getByText('已锁定').waitFor();
  await desk.shoot('locked');
  await act(desk, account, '解锁', '可以继续作答');
  await phone.sees('已解锁');
  await phone.tap('知道了');
  await phone.choose(2);
  await phone.saved();
}));

test('everybody of one institution gets extra time', at('invigilator', async (desk) => {
  const { phone } = seated[0];
  const before = await phone.timeLeft();
  await desk.go('/exams');
  await desk.page.getByRole('row', { name: new RegExp(EXAM) }).getByRole('link', { name: '补时' }).click();
  await desk.page.getByLabel('给谁').selectOption({ label: INSTITUTION });
  await desk.press('查看人数');
  await desk.sees(`${INSTITUTION}：1 名作答中的考生各增加 10 分钟`);
  await desk.confirm('给 1 人增加 10 分钟', '该机构停电');
  await desk.sees('共 1 人，已补时 1 人，未能补时 0 人');
  await until(async () => (await phone.timeLeft()) > before + 9 * 60_000, 'the time on the phone');
  await phone.tap('知道了');
}));

test('one attempt is ended and counts, and another is proposed to be void', at('invigilator', async (desk) => {
  const other = await sitDown();
  const [{ phone, account }] = seated;
  await desk.go('/live');
  await act(desk, account, '结束作答', '题计分。不能撤回');
  await phone.sees('监考老师结束');
  await choose(desk, other.account, '证据与判定');
  await desk.press('提请作废');
  await desk.sees('须由另一人同意后才作废');
  await desk.confirm('提请作废', '他人代答');
  await desk.sees('由您提请作废，须由另一人同意');
  assert.ok(await desk.button('同意作废').isDisabled());
}));

test('another person agrees: what is void does not count', at('officer', async (desk) => {
  const [{ account }, other] = seated;
  await desk.signIn('demo-officer');
  await desk.go(`/attempts/${other.phone.attemptId()}`);
  await desk.press('同意作废');
  await desk.sees('立即作废，不计成绩');
  await desk.confirm('同意作废', '属实');
  for (const words of ['考试已结束', '成绩作废', '作废前得分']) await other.phone.sees(words);
  await desk.go('/results');
  await rowOf(desk, account).getByText('监考结束').waitFor();
  await rowOf(desk, other.account).getByText('作废').first().waitFor();
  for (const { phone: done } of seated) await done.context.close();
}));

test('the results of an exam are downloaded as a table', at('officer', async (desk) => {
  await desk.go('/results');
  await desk.option('考试', (await examOf(desk)).title);
  await until(() => desk.page.url().includes('exam='), 'the exam in the address');
  const { name, bytes } = await desk.downloaded(() => desk.press('导出 CSV'));
  assert.match(name, /\.csv$/);
  const lines = bytes.toString().trim().split('\n');
  assert.equal(lines.length, 3, 'a head and two attempts');
  assert.ok(seated.every(({ account }) => bytes.includes(account.name)));
  assert.ok(seated.every(({ account }) => !bytes.includes(account.idNumber)), 'no whole number leaves');
}));

/** A number of nobody with its check digit, of a county that was never assigned. */
function residentId(serial) {
  const digits = `41019919800101${serial}`;
  const sum = [...digits].reduce((all, digit, at) => all + Number(digit) * (2 ** (17 - at) % 11), 0);
  return digits + '10X98765432'[sum % 11];
}

const HEAD = '姓名,身份证号,手机号,医疗机构,执业类别,执业范围,医师级别,资格证书编号,执业证书编号,激活';
const person = (name, id, serial) => `${name},${id},16000000${serial},${INSTITUTION},临床,内科专业,执业医师,202041110${id},110000000000${serial},是`;

test('a roster is looked at, and its people get one-time codes that can be fetched once', at('operator', async (desk) => {
  await desk.signIn('demo-operator');
  await desk.go('/candidates/import');
  await desk.chooseFile('名册.csv', `${HEAD}\n${person('错号码', '410199198001010000', '101')}\n`);
  await desk.sees('请在文件中改正下面的错误');
  await desk.page.getByRole('cell', { name: '身份证号', exact: true }).waitFor();
  assert.ok(await desk.button('导入 0 人').isDisabled());
  await desk.shoot('roster-errors');
  await desk.chooseFile('名册.csv', `${HEAD}\n${person('新来者', residentId('101'), '101')}\n${person('后来者', residentId('203'), '203')}\n`);
  await desk.page.getByText('同时为每人生成一次性登录代码').click();
  assert.deepEqual(await desk.audit(), []);
  await desk.press('导入 2 人');
  await desk.sees('已导入 2 人');
  await desk.shoot('roster-codes');
  const { bytes } = await desk.downloaded(() => desk.press('下载代码（CSV）'));
  const lines = bytes.toString().trim().split('\n');
  assert.equal(lines.length, 3);
  assert.match(lines[1], /新来者/);
  await desk.go(`/candidates?text=${residentId('203')}`);
  await rowOf(desk, { name: '后来者' }).getByText('名册').waitFor();
}));

test('a member who is disabled is out at once, and comes back by a new link', at('operator', async (desk) => {
  const { page } = desk;
  const author = await Desk.take(scene.browser, scene.network, scene.server);
  await author.signIn('demo-author');
  await desk.go('/members');
  const open = () => page.getByRole('button', { name: '修改 演示命题' }).click();
  await open();
  await desk.press('停用');
  await desk.sees('演示命题 立即退出登录');
  await desk.confirm('停用', '离职');
  await page.getByRole('row', { name: /demo-author/ }).getByText('已停用').waitFor();
  await author.go('/exams');
  await author.sees('登录已过期，请重新登录');
  await author.context.close();
  await open();
  await desk.press('恢复使用');
  await desk.confirm('恢复使用', '返聘');
  await page.getByRole('row', { name: /demo-author/ }).getByText('正常').waitFor();
  await open();
  await desk.press('重新发放启用链接');
  await desk.sees('须用新链接重新启用');
  await desk.confirm('重新发放启用链接', '手机丢失');
  assert.match(await page.locator('.once li').innerText(), /#\/enrol\?token=/);
  assert.deepEqual(await desk.audit(), []);
  await desk.shoot('renewed');
  await desk.press('已保存，关闭');
  await page.getByRole('row', { name: /demo-author/ }).getByText('待启用').waitFor();
}));

test('who publishes what somebody else has published meanwhile sees the difference and keeps both in hand', at('operator', async (desk) => {
  const { page } = desk;
  const { exam_id, revision } = await examOf(desk);
  await desk.go(`/exams/${exam_id}`);
  await page.getByRole('spinbutton', { name: '合格线（分）' }).first().fill('50');
  await page.getByRole('spinbutton', { name: '合格线（分）' }).first().press('Tab');
  const { definition } = await desk.ask(`/exams/${exam_id}`, undefined, 'GET');
  await desk.ask('/exams', { definition: JSON.stringify({ ...definition, shows: definition.shows === 'points' ? 'verdict' : 'points' }), revision, reason: '别人的改动' });
  await desk.press('发布');
  await desk.sees('进行中的作答不受影响');
  await page.getByRole('dialog').filter({ visible: true }).last().locator('textarea').fill('降低合格线');
  await page.getByRole('dialog').filter({ visible: true }).last().getByRole('button', { name: '确认发布' }).click();
  await desk.sees('您的修改没有丢失');
  const differences = page.getByRole('dialog', { name: '其他人刚刚修改过' }).locator('tbody tr');
  await differences.filter({ hasText: '合格线' }).getByRole('cell', { name: '50', exact: true }).waitFor();
  await differences.filter({ hasText: '交卷后显示' }).getByRole('cell', { name: '仅结论' }).waitFor();
  assert.equal(await differences.count(), 2, 'nothing else has changed by being opened');
  await desk.still();
  assert.deepEqual(await desk.audit(), []);
  await desk.shoot('stale-exam');
  await desk.press('保留我的，稍后再提交');
  await desk.press('发布');
  await desk.confirm('确认发布', '降低合格线');
  await desk.sees(`已发布（第 ${revision + 2} 次）`);
}));
