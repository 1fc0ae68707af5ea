// The desk against the real server: a bank is filled, approved and examined with; staff are looked after.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Desk, deskRoom } from './support/desk.mjs';
import { totp } from './support/staff.mjs';
import { stage, until } from './support/stage.mjs';

const scene = stage();
const { desks, at } = deskRoom(scene);

const HEAD = '题型,题干,选项A,选项B,选项C,答案,难度,章节\n';
const FIVE_ERRORS = `${HEAD}单选题,甲题问什么,对,错,不定,E,易,公共知识
单选题,,对,错,不定,A,易,公共知识
单选题,丙题问什么,对,对,不定,A,易,公共知识
怪题,丁题问什么,对,错,不定,A,易,公共知识
单选题,戊题问什么,对,错,不定,A,超难,公共知识
单选题,己题问什么,对,错,不定,A,易,公共知识
`;
const STEMS = ['高血压诊断看哪个数值', '青霉素过敏者应怎样处理', '院内感染首先要做什么', '心肺复苏的按压频率', '医师执业注册的主管部门', '传染病报告的时限'];
const MENDED = HEAD + STEMS.map((stem) => `单选题,${stem},第一项,第二项,第三项,B,易,公共知识`).join('\n');

test('staff sign in with a second factor, and a wrong code is told with what to do', at('author', async (desk) => {
  const { password } = scene.server.staff.find(({ login }) => login === 'demo-author');
  await desk.go('/banks');
  await desk.page.locator('input[name=login]').fill('demo-author');
  await desk.page.locator('input[name=password]').fill(password);
  await desk.page.locator('input[name=code]').fill('000000');
  await desk.press('登录');
  await desk.sees('账号、密码或口令不正确');
  await desk.page.locator('input[name=code]').fill(desk.code('demo-author'));
  await desk.press('登录');
  await desk.page.getByRole('heading', { name: '题库', exact: true }).waitFor();
  assert.equal(await desk.page.getByRole('link', { name: '审计日志' }).count(), 0, 'an author has no audit log');
  await desk.go('/audit');
  await until(async () => !desk.page.url().includes('audit'), 'the way back');
}));

test('a file with five errors shows all five, mended it is imported, and its author cannot approve it', at('author', async (desk) => {
  await desk.go('/banks');
  await desk.press('新建题库');
  await desk.page.locator('input[name=bank]').fill('控制台题库');
  await desk.press('新建并导入');
  await desk.page.getByRole('heading', { name: '导入题目', exact: true }).waitFor();
  await desk.chooseFile('five.csv', FIVE_ERRORS);
  await desk.sees('请在下面直接改正标出的单元格');
  for (const problem of ['答案不在选项中', '题干或选项为空', '选项内容相同', '题型无法识别', '难度无法识别']) await desk.sees(problem);
  assert.deepEqual((await desk.page.locator('.problems .mono').allInnerTexts()).sort(), ['A5', 'B3', 'D4', 'F2', 'G6']);
  assert.ok(await desk.button('导入 0 题').isDisabled());
  assert.deepEqual(await desk.audit(), []);
  await desk.shoot('import-errors');
  await desk.chooseFile('mended.csv', MENDED);
  await desk.press('导入 6 题');
  await desk.sees('已导入 6 题');
  await desk.go('/approvals');
  await desk.page.getByRole('heading', { name: '审核', exact: true }).waitFor();
  await desk.page.getByRole('row', { name: /控制台题库/ }).getByRole('link').click();
  await desk.sees('这是您本人导入的');
  assert.ok(await desk.button('通过 6 题').isDisabled());
}));

test('another person approves it by the keyboard, with a reason', at('approver', async (desk) => {
  await desk.signIn('demo-approver');
  await desk.go('/approvals');
  await desk.page.getByRole('heading', { name: '审核', exact: true }).waitFor();
  await desk.page.getByRole('row', { name: /控制台题库/ }).getByRole('link').click();
  await desk.sees('高血压诊断看哪个数值');
  await desk.shoot('approval');
  assert.deepEqual(await desk.audit(), []);
  await desk.page.locator('tbody tr').first().press('a');
  await desk.sees('将增加或更新 6 题');
  await desk.confirm('通过 6 题');
  await desk.sees('没有待审核的导入');
}));

test('an exam is refused with every reason, built, checked, tried, published, and sat on a phone', at('author', async (desk) => {
  const { page } = desk;
  await desk.go('/exams/new');
  await desk.press('检查');
  await desk.sees('还不能发布');
  await desk.sees('周期：必须填写，没有默认值');
  await desk.shoot('exam-refused');
  await page.locator('input[name=title]').fill('控制台测评');
  await page.locator('select[name=kind]').selectOption('public_knowledge');
  await page.locator('input[name=cycle]').fill('第六周期');
  await desk.option('题库', '控制台题库');
  await page.locator('input[name=opens_at]').fill('2026-01-01T00:00');
  await page.locator('input[name=closes_at]').fill('2029-01-01T00:00');
  await page.locator('input[name=notice_version]').fill('1');
  await page.locator('textarea[name=notice_text]').fill('考试须知：请独立完成。');
  await page.getByText('不限次数').click();
  await page.locator('select[name=keep]').selectOption('best');
  await page.locator('select[name=stop]').selectOption({ label: '可以再考' });
  await page.locator('select[name=late_start]').selectOption('full_time');
  await page.locator('select[name=shows]').selectOption('points');
  await page.getByRole('spinbutton', { name: '考试时长（分钟）' }).fill('30');
  await page.getByRole('spinbutton', { name: '合格线（分）' }).fill('6');
  await desk.option('章节', '公共知识');
  await page.getByRole('spinbutton', { name: '题数' }).fill('9');
  await page.getByRole('spinbutton', { name: '每题分值' }).fill('2');
  await page.getByRole('spinbutton', { name: '每题分值' }).press('Tab');
  await desk.sees('缺 3 题');
  await page.getByRole('spinbutton', { name: '题数' }).fill('5');
  await page.getByRole('spinbutton', { name: '题数' }).press('Tab');
  await desk.sees('够用，重考易重复');
  await desk.press('模拟组卷');
  await desk.sees('预期答对题数');
  await desk.press('发布');
  await desk.sees('将面向 6 名考生发布');
  await desk.confirm('确认发布', '新的测评');
  await page.getByText('第 1 次发布的内容').waitFor();
  const { account } = scene.server.sitting();
  const phone = await scene.anotherPhone();
  await phone.sit({ account, exam: '控制台测评' });
  await phone.choose(1);
  await phone.saved();
  assert.match(await phone.page.locator('.place').innerText(), /1 \/ 5/);
  desks.candidate = phone;
  desks.candidate.account = account;
}));

test('an invigilator sees the attempt, gives time with a reason, and everybody at once after a count', at('invigilator', async (desk) => {
  await desk.signIn('demo-invigilator');
  await desk.go('/live');
  const { account } = desks.candidate;
  const row = desk.page.getByRole('row', { name: new RegExp(account.name) }).filter({ hasText: '控制台测评' });
  await row.getByText('1 / 5').waitFor();
  assert.deepEqual(await desk.audit(), []);
  await desk.shoot('live');
  const before = await desks.candidate.timeLeft();
  await row.getByRole('button', { name: new RegExp(account.name) }).click();
  await desk.page.getByRole('menuitem', { name: '补时' }).click();
  await desk.sees('增加 10 分钟');
  await desk.confirm('补时', '设备故障');
  await until(async () => (await desks.candidate.timeLeft()) > before + 9 * 60_000, 'the time on the phone');
  await desk.go('/exams');
  await desk.page.getByRole('row', { name: /控制台测评/ }).getByRole('link', { name: '补时' }).click();
  await desk.press('查看人数');
  await desk.sees('1 名作答中的考生各增加 10 分钟');
  await desk.confirm('给 1 人增加 10 分钟', '停电');
  await desk.sees('共 1 人，已补时 1 人');
  // The phone says each time what was given.
  for (let told = 0; told < 2; told++) await desks.candidate.tap('知道了');
  await desks.candidate.handIn();
  await desks.candidate.sees('交卷成功');
  await desks.candidate.context.close();
  await desk.go('/results');
  await desk.page.getByRole('row', { name: new RegExp(account.name) }).filter({ hasText: '控制台测评' }).getByText('本人交卷').waitFor();
}));

test('an item is edited with its preview, becomes a draft, and shows what it changed', at('author', async (desk) => {
  const { banks } = await (await desk.context.request.get(`${scene.network.origin}/api/v1/staff/banks`)).json();
  const bank = banks.find(({ name }) => name === '控制台题库').bank_id;
  await desk.go(`/banks/${bank}?text=${encodeURIComponent('心肺复苏')}`);
  await desk.page.locator('tbody tr').filter({ hasText: '心肺复苏的按压频率' }).getByRole('link').click();
  await desk.press('编辑');
  await desk.page.locator('textarea[name=stem]').fill('成人心肺复苏的按压频率');
  await desk.page.getByRole('region', { name: '手机显示效果' }).getByText('成人心肺复苏的按压频率').waitFor();
  await desk.shoot('unit-edit');
  await desk.press('保存为草稿');
  await desk.sees('第 2 版');
  await desk.page.locator('td.is', { hasText: '成人心肺复苏的按压频率' }).waitFor();
  await desk.shoot('unit');
}));

test('who changes what somebody else has changed sees the difference and keeps both in hand', at('operator', async (desk) => {
  await desk.signIn('demo-operator');
  await desk.go('/members');
  await desk.page.getByRole('row', { name: /demo-officer/ }).getByRole('button').click();
  const { members } = await (await desk.context.request.get(`${scene.network.origin}/api/v1/staff/members`)).json();
  const { staff_id, version, roles, institutions } = members.find(({ login }) => login === 'demo-officer');
  await desk.ask(`/members/${staff_id}`, { version, name: '别人改的名', roles, institutions, disabled: false, reason: '改名' }, 'PUT');
  await desk.page.locator('input[name=member_name]').fill('我改的名');
  await desk.press('保存修改');
  await desk.page.getByRole('dialog').filter({ visible: true }).last().locator('textarea').fill('更正');
  await desk.page.getByRole('dialog').filter({ visible: true }).last().getByRole('button', { name: '保存修改' }).click();
  await desk.sees('其他人刚刚修改过');
  await desk.page.locator('td.was', { hasText: '别人改的名' }).waitFor();
  await desk.page.locator('td.is', { hasText: '我改的名' }).last().waitFor();
  await desk.shoot('stale');
  await desk.press('保留我的，稍后再提交');
  await desk.press('保存修改');
  await desk.confirm('保存修改', '更正');
  await desk.page.getByRole('row', { name: /我改的名/ }).waitFor();
}));

test('a new member enrols by the one-time link and signs in with a recovery code', at('operator', async (desk) => {
  await desk.go('/members');
  await desk.press('新增人员');
  await desk.page.locator('input[name=new_login]').fill('new-author');
  await desk.page.locator('input[name=new_name]').fill('新命题员');
  await desk.page.getByRole('dialog').filter({ visible: true }).getByText('命题', { exact: true }).click();
  await desk.press('新增并生成链接');
  const link = await desk.page.locator('.once li').innerText();
  await desk.press('已保存，关闭');
  const other = await Desk.take(scene.browser, scene.network, scene.server);
  const { page } = other;
  await page.goto(link);
  const secret = (await page.locator('.secret').innerText()).replace(/\s/g, '');
  assert.deepEqual(await other.audit(), []);
  await other.shoot('enrol');
  await page.locator('input[name=password]').fill('long enough 2026');
  await page.locator('input[name=again]').fill('long enough 2026');
  await page.locator('input[name=code]').fill(totp(secret, Date.now() + scene.server.turnedMs));
  await other.press('启用账号');
  await other.sees('账号已启用');
  const codes = await page.locator('.once li').allInnerTexts();
  assert.equal(codes.length, 8);
  await page.getByText('我已妥善保存恢复码').click();
  await other.press('去登录');
  await page.locator('input[name=login]').fill('new-author');
  await page.locator('input[name=password]').fill('long enough 2026');
  await other.press('手机不在身边？使用恢复码');
  await page.locator('input[name=code]').fill(codes[0].toLowerCase());
  await other.press('登录');
  await other.sees('还剩 7 个恢复码');
  await other.press('继续');
  await page.getByRole('heading', { name: '题库', exact: true }).waitFor();
  await other.context.close();
}));

test('an officer resets a password: the code is shown once, and the audit log names it', at('officer', async (desk) => {
  await desk.signIn('demo-officer');
  await desk.go('/candidates');
  await desk.page.locator('tbody tr').first().getByRole('button', { name: '重置密码' }).click();
  await desk.confirm('生成代码', '本人来电');
  await desk.page.locator('.once li').waitFor();
  await desk.shoot('reset-code');
  const operator = desks.operator;
  await operator.go('/audit?action=candidate.');
  await operator.page.getByRole('row', { name: /重置考生密码/ }).getByText('本人来电').waitFor();
}));
