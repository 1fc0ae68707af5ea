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
