// Authors and approvers against the real server: a workbook mended in place, doubles, pictures, decisions.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deskRoom } from './support/desk.mjs';
import { stage } from './support/stage.mjs';
import { filledIn } from './support/workbook.mjs';

const scene = stage();
const { at } = deskRoom(scene);

/** A row of the template: type, topic, question, three options, key, difficulty. */
const row = (stem, others = {}) => ({ B: '单选题', C: '公共知识', F: stem, G: '第一项', H: '第二项', I: '第三项', L: 'B', N: '易', ...others });
/** So long that one sign more or less leaves nine tenths of it alike. */
const LONG = '患者，男，六十岁，在公共场所突然倒地，呼之不应，无自主呼吸，颈动脉搏动消失，现场目击者立即呼救并开始徒手心肺复苏，此时胸外按压的频率';
const FIVE_ERRORS = [
  row('传染病报告的时限是多少', { L: 'E' }),
  row('', { A: 'X-2' }),
  row('执业注册由谁主管', { H: '第一项' }),
  row('院内感染首先要做什么', { B: '怪题' }),
  row('青霉素过敏者应怎样处理', { N: '超难' }),
  row(`${LONG}应是每分钟多少次`),
  row(`${LONG}应为每分钟多少次`, { L: 'C' }),
];

test('a workbook with five errors is mended cell by cell where they are shown, and imported', at('author', async (desk) => {
  await desk.signIn('demo-author');
  const template = await desk.downloaded(() => desk.press('下载模板'));
  assert.equal(template.name, '题库模板.xlsx');
  await desk.press('新建题库');
  await desk.page.locator('input[name=bank]').fill('表格题库');
  await desk.press('新建并导入');
  await desk.heading('导入题目');
  await desk.chooseFile('五处错误.xlsx', filledIn(template.bytes, FIVE_ERRORS));
  for (const problem of ['答案不在选项中', '题干或选项为空', '选项内容相同', '题型无法识别', '难度无法识别']) await desk.sees(problem);
  await desk.sees('请在下面直接改正标出的单元格');
  assert.deepEqual(await desk.audit(), []);
  await desk.shoot('mend');
  const cell = (name) => desk.page.getByLabel(`单元格 试题 ${name} 的内容`, { exact: true });
  assert.equal(await cell('L2').inputValue(), 'E');
  await cell('L2').fill('A');
  await cell('L2').press('Enter');
  await desk.page.getByRole('region', { name: '答案不在选项中' }).waitFor({ state: 'detached' });
  assert.equal(await desk.page.evaluate(() => document.activeElement.tagName), 'TEXTAREA', 'the next cell is at hand');
  await cell('F3').fill('高血压诊断看哪个数值');
  const doubled = desk.page.getByRole('region', { name: '选项内容相同' }).getByRole('textbox').first();
  await doubled.fill('第四项');
  await desk.sees('有 2 处修改还没有检查');
  assert.ok(await desk.button('导入 0 题').isDisabled());
  await cell('B5').fill('单选题');
  await cell('N6').fill('难');
  await desk.shoot('mend-waiting');
  await desk.press('改好再看（4 处）');
  await desk.sees('没有错误，可以导入。');
  assert.equal(await desk.page.evaluate(() => document.activeElement.innerText), '导入 7 题');
  assert.deepEqual(await desk.audit(), []);
  await desk.shoot('mended');
}));

test('a correction is taken back and made again, and the file itself stays as it is', at('author', async (desk) => {
  const mended = desk.page.getByRole('region', { name: '已修改的单元格' });
  await mended.getByText('文件本身不会改变').waitFor();
  assert.equal(await mended.locator('tbody tr').count(), 5);
  await mended.getByRole('button', { name: '撤回对 试题 N6 的修改' }).click();
  const field = desk.page.getByLabel('单元格 试题 N6 的内容', { exact: true });
  await field.waitFor();
  assert.equal(await field.inputValue(), '超难');
  await field.fill('中');
  await field.press('Enter');
  await desk.sees('没有错误，可以导入。');
}));

test('two items that say nearly the same stand beside each other with their differences', at('author', async (desk) => {
  await desk.page.getByRole('button', { name: /^对照 / }).first().click();
  const dialog = desk.page.getByRole('dialog', { name: '相似题目' });
  await dialog.locator('mark', { hasText: '为' }).waitFor();
  await dialog.locator('mark', { hasText: '是' }).waitFor();
  assert.deepEqual(await desk.audit(), []);
  await desk.shoot('similar');
  await desk.page.keyboard.press('Escape');
  await desk.press('导入 7 题');
  await desk.sees('已导入 7 题');
  await desk.sees('按 5 处修改导入');
  await desk.chooseFile('再来一题.csv', `题型,题干,选项A,选项B,选项C,答案,难度,章节\n单选题,${LONG}应是每分钟多少下,第一项,第二项,第三项,B,易,公共知识\n`);
  await desk.sees('题库中');
  await desk.page.getByRole('button', { name: /^对照 / }).first().click();
  await dialog.locator('mark', { hasText: '下' }).waitFor();
  await desk.page.keyboard.press('Escape');
}));

test('problems of a text keep their line and are mended in the text', at('author', async (desk) => {
  await desk.chooseFile('粘贴.txt', '一、单选题\n1．高血压的诊断标准是（  ）\nA．一\nB．二\n答案：F\n难度：易\n章节：公共知识\n');
  await desk.sees('请在文件中改正下面的错误');
  assert.equal(await desk.page.getByRole('region', { name: '答案不在选项中' }).getByRole('textbox').count(), 0);
}));

const DOT = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

test('a picture is added with words, shown as on the phone, and survives the next change of the text', at('author', async (desk) => {
  const { page } = desk;
  const bank = await desk.bankId('表格题库');
  await desk.go(`/banks/${bank}/units/X-2/edit`);
  const choosePicture = (name, bytes) => page.getByRole('group', { name: '题目的图片' }).locator('input[type=file]').setInputFiles({ name, mimeType: 'image/png', buffer: bytes });
  await choosePicture('假的.png', Buffer.from('<svg/>'));
  await desk.sees('不是 PNG 或 JPEG 图片，没有加入');
  await choosePicture('太大.png', Buffer.alloc((2 << 20) + 1));
  await desk.sees('图片超过 2 MB，没有加入');
  await choosePicture('胸片.png', Buffer.from(DOT, 'base64'));
  await page.locator('input[name=picture_words]').fill('胸部正位片');
  const preview = page.getByRole('region', { name: '手机显示效果' });
  await preview.getByRole('img', { name: '胸部正位片' }).waitFor();
  await desk.option('执业类别', '临床');
  await page.getByRole('combobox', { name: '执业范围' }).fill('内科专业');
  await page.getByRole('option', { name: '内科专业' }).click();
  await page.keyboard.press('Escape');
  await desk.still();
  assert.deepEqual(await desk.audit(), []);
  await desk.shoot('unit-picture');
  await desk.press('保存为草稿');
  await desk.sees('第 2 版');
  await desk.sees('内科专业');
  await preview.getByRole('img', { name: '胸部正位片' }).waitFor();
  await desk.press('编辑');
  await page.locator('textarea[name=stem]').fill('高血压诊断主要看哪个数值');
  await page.getByRole('group', { name: '题目的图片' }).locator('img').waitFor();
  await desk.press('保存为草稿');
  await desk.sees('第 3 版');
  await preview.getByText('高血压诊断主要看哪个数值').waitFor();
  await preview.getByRole('img', { name: '胸部正位片' }).waitFor();
  const { changes } = (await desk.ask(`/banks/${bank}/units/X-2/versions`, undefined, 'GET')).versions.at(-1);
  assert.deepEqual(changes.map(({ field }) => field), ['stem'], 'the picture is as it was');
}));

test('a picture is removed again', at('author', async (desk) => {
  await desk.press('编辑');
  await desk.press('删除图1');
  assert.equal(await desk.page.getByRole('region', { name: '手机显示效果' }).locator('img').count(), 0);
  await desk.press('保存为草稿');
  await desk.sees('第 4 版');
}));

test('whoever imported sees in the list that another person approves it', at('author', async (desk) => {
  await desk.go('/approvals');
  const row = desk.page.getByRole('row', { name: /五处错误\.xlsx/ });
  await row.getByText('自己导入的，须由他人批准').waitFor();
  assert.ok(await row.getByRole('button', { name: '审核' }).isDisabled());
}));

test('a list that is here as a whole is put in order by its heads, and the address keeps it', at('approver', async (desk) => {
  const { page } = desk;
  await desk.signIn('demo-approver');
  await desk.go('/approvals');
  const head = page.getByRole('columnheader', { name: '题数' });
  await head.getByRole('button').click();
  await head.getByRole('button').click();
  assert.equal(await head.getAttribute('aria-sort'), 'descending');
  await page.reload();
  await page.locator('tbody tr').first().waitFor();
  assert.match(page.url(), /sort=-items/);
  const counts = (await page.locator('tbody tr td:nth-child(4)').allInnerTexts()).map(Number);
  assert.deepEqual(counts, [7, 1]);
  assert.deepEqual(await desk.audit(), []);
  await desk.shoot('approvals-sorted');
}));

test('an import whose items later ones brought anew waits for nobody, and still shows its pictures', at('approver', async (desk) => {
  const { page } = desk;
  await page.getByRole('radio', { name: '已被替换' }).check({ force: true });
  const rows = page.locator('tbody tr');
  await page.waitForFunction(() => document.querySelectorAll('tbody tr').length === 2);
  assert.equal(await rows.getByRole('button', { name: '审核' }).count(), 0);
  await rows.first().getByRole('link').click();
  await desk.sees('请审核后来的导入');
  assert.ok(await page.getByRole('button', { name: '通过' }).isDisabled());
  const bank = await desk.bankId('表格题库');
  await desk.go(`/banks/${bank}/units/X-2`);
  await page.getByRole('region', { name: '手机显示效果' }).waitFor();
  await page.locator('.el-timeline-item').filter({ hasText: '第 3 版' }).getByRole('button').click();
  await page.getByRole('region', { name: '手机显示效果' }).getByRole('img', { name: '胸部正位片' }).waitFor();
  await desk.go('/approvals?sort=-items');
}));

test('a page is reached by its number, which the address keeps; a page that is not there leads to the last', at('approver', async (desk) => {
  const { page } = desk;
  const bank = await desk.bankId('演示题库');
  await desk.go(`/banks/${bank}?size=10`);
  const pager = page.getByRole('navigation', { name: '分页' });
  const pages = Number((await pager.getByText(/共 \d+ 页/).innerText()).match(/共 (\d+) 页/)[1]);
  assert.ok(pages > 5, String(pages));
  const code = () => page.locator('tbody tr td').first().innerText();
  const first = await code();
  const jump = async (number) => {
    await pager.getByRole('textbox', { name: '前往' }).fill(String(number));
    await page.keyboard.press('Enter');
  };
  await jump(4);
  await pager.getByText(`第 4 页，共 ${pages} 页`).waitFor();
  assert.match(page.url(), /page=4/);
  await page.waitForFunction((was) => document.querySelector('tbody tr td').innerText !== was, first);
  const fourth = await code();
  await page.reload();
  await pager.getByText('第 4 页').waitFor();
  await page.getByRole('link', { name: fourth, exact: true }).waitFor();
  await jump(9999);
  await pager.getByText(`第 ${pages} 页`).waitFor();
  assert.ok(await pager.getByRole('button', { name: '下一页' }).isDisabled());
  await desk.go(`/banks/${bank}?size=10&page=9999`);
  await pager.getByText(`第 ${pages} 页，共 ${pages} 页`).waitFor();
  await desk.go('/approvals?sort=-items');
}));

test('an import is rejected with a reason that its author reads', at('approver', async (desk) => {
  const { page } = desk;
  await desk.settled(); // The rows of before stand there until those of now have come.
  await page.locator('tbody tr').nth(1).getByRole('button', { name: '审核' }).click(); // The newest of those with one item.
  await desk.sees('快捷键');
  await page.locator('tbody tr').filter({ hasText: 'X-2' }).press('r');
  await desk.sees('题草稿都不会使用');
  await desk.confirm('驳回', '图片是必需的');
  await page.getByRole('radio', { name: '已驳回' }).check({ force: true });
  await page.getByRole('row').getByText('图片是必需的').waitFor();
}));

test('an approved item is withdrawn after its effect was read', at('approver', async (desk) => {
  const { page } = desk;
  const bank = await desk.bankId('演示题库');
  const { units } = await desk.ask(`/banks/${bank}/units?standing=approved&limit=1`, undefined, 'GET');
  await desk.go(`/banks/${bank}/units/${encodeURIComponent(units[0].code)}`);
  await desk.press('停用题目');
  await desk.sees('今后不再抽题');
  await desk.confirm('停用', '指南已更新');
  await desk.sees('指南已更新');
  await desk.go(`/banks/${bank}?standing=withdrawn`);
  // Its tab has a link of the same name.
  await page.locator('#main').getByRole('link', { name: units[0].code, exact: true }).waitFor();
}));

test('what is listed is exported, without loss and as a table', at('approver', async (desk) => {
  await desk.go(`/banks/${await desk.bankId('表格题库')}`);
  await desk.sees('X-2');
  for (const [format, name, begins] of [['JSON（完整）', '表格题库.json', '{'], ['Excel 表格（无图片）', '表格题库.xlsx', 'PK']]) {
    await desk.press('导出所列题目');
    const file = await desk.downloaded(() => desk.page.getByRole('menuitem', { name: format }).click());
    assert.equal(file.name, name);
    assert.equal(file.bytes.toString('latin1', 0, begins.length), begins);
  }
  await desk.sees('处内容放不下');
}));
