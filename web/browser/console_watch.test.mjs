// Invigilators against the real server: the wall, its door, and the evidence of one attempt.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { deskRoom } from './support/desk.mjs';
import { photographed, Sitter, UNWATCHED, WATCHED } from './support/sitters.mjs';
import { stage, until } from './support/stage.mjs';
import { publishWatchedExams } from './support/watched.mjs';

const MINUTE = 60_000;
const EXAM = '抓拍测评甲';
const DOOR_EXAM = '须监考测评';
const SMALL = { width: 1280, height: 720 };
const WIDE = { width: 1440, height: 900 };

const sitters = {};
const scene = stage(async (server) => {
  await publishWatchedExams(server);
  // In the order of their names, as the wall has them: one who sends, one who is away, one without consent.
  const [first, second, third] = [...server.accounts].sort((a, b) => a.name.localeCompare(b.name, 'zh-CN'));
  sitters.sends = await Sitter.sit(server, { account: first, exam: EXAM }, WATCHED);
  sitters.away = await Sitter.sit(server, { account: second, exam: EXAM }, WATCHED);
  sitters.unwatched = await Sitter.sit(server, { account: third, exam: EXAM }, UNWATCHED);
  for (const sitter of Object.values(sitters)) await sitter.answer(1);
  await server.turnClock(MINUTE);
  await photographed(sitters.sends, 'collins');
  await photographed(sitters.away, 'obama_1');
});
const { at } = deskRoom(scene);

const tileOf = (desk, sitter) => desk.page.locator(`[data-attempt="${sitter.attempt}"]`);
const order = (desk) => desk.page.locator('[data-attempt]').evaluateAll((tiles) => tiles.filter((one) => !one.hidden).map((one) => one.dataset.attempt));

/** Pictures of what is open, wide and small, light and dark, and what an audit has against it. */
async function looked(desk, name) {
  const { page } = desk;
  await page.mouse.move(5, 5);
  await desk.settled().catch(() => null); // A page that asks again and again is never quite idle.
  const findings = await desk.audit();
  await desk.shoot(name);
  await page.setViewportSize(SMALL);
  await desk.shoot(`${name}-small`);
  findings.push(...(await desk.audit(['scrollable-region-focusable', 'target-size'])));
  const isWide = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  if (isWide) findings.push('wider than the window');
  await page.setViewportSize(WIDE);
  await page.emulateMedia({ colorScheme: 'dark' });
  findings.push(...(await desk.audit(['color-contrast'])));
  await desk.shoot(`${name}-dark`);
  await page.emulateMedia({ colorScheme: 'light' });
  assert.deepEqual(findings, [], name);
}

test('the wall shows who sits, the gravest first, with names only where they are pointed at', at('invigilator', async (desk) => {
  await desk.signIn('demo-invigilator');
  await desk.go(`/wall?exam=${sitters.sends.exam}`);
  await tileOf(desk, sitters.sends).locator('img').waitFor();
  await until(() => desk.page.evaluate(() => [...document.querySelectorAll('[data-attempt] img')].every((one) => one.naturalWidth > 0)), 'the pictures');
  await tileOf(desk, sitters.unwatched).getByText('不拍照').waitFor();
  await tileOf(desk, sitters.unwatched).getByText('未同意拍照').waitFor();
  const ranks = await desk.page.locator('[data-attempt]').evaluateAll((tiles) => tiles.map(({ classList }) => ['first', 'look', 'note'].findIndex((one) => classList.contains(one)) >>> 0));
  assert.deepEqual(ranks, [...ranks].sort((a, b) => a - b), 'what is to be looked at stands first');
  const { name } = sitters.sends.account;
  const tile = tileOf(desk, sitters.sends);
  assert.ok(!(await tile.innerText()).includes(name));
  await tile.hover();
  await tile.getByText(name).filter({ visible: true }).waitFor();
  await desk.sees('作答中');
  await looked(desk, 'wall');
}));

test('what changes under the pointer moves nothing, and the order follows once it is gone', at('invigilator', async (desk) => {
  const { sends, away } = sitters;
  const before = await order(desk);
  await tileOf(desk, sends).hover();
  await away.signal('hidden');
  await scene.server.turnClock(3 * MINUTE);
  await away.signal('shown');
  await tileOf(desk, away).getByText('离开页面').waitFor();
  await tileOf(desk, away).getByText('优先查看').waitFor();
  await desk.sees('排序已更新');
  assert.deepEqual(await order(desk), before);
  await desk.shoot('wall-held');
  await desk.page.mouse.move(5, 5);
  await until(async () => (await order(desk))[0] !== before[0], 'the new order');
  await desk.page.getByText('只看需要查看的').click();
  await until(() => /flagged=yes/.test(desk.page.url()), 'the filter in the address');
  await desk.page.getByPlaceholder('考生姓名').fill(away.account.name);
  await desk.page.keyboard.press('Enter');
  await until(async () => (await order(desk)).join() === away.attempt, 'only who is asked for');
  await desk.page.getByPlaceholder('考生姓名').fill('');
  await desk.page.keyboard.press('Enter');
  await desk.page.getByText('只看需要查看的').click();
}));

test('a picture is fetched once, and a poll without news is small', at('invigilator', async (desk) => {
  const { network } = scene;
  const sizes = [];
  const hear = async (answer) => answer.url().includes('/wall') && sizes.push((await answer.body()).length);
  const [pictures, from] = [() => network.requests.filter((one) => /snapshots\/\d+\?small/.test(one)).length, network.requests.length];
  const before = pictures();
  desk.page.on('response', hear);
  await until(() => network.requests.slice(from).filter((one) => one.includes('/wall?')).length >= 3, 'three looks');
  await until(() => sizes.length >= 2, 'what they answered');
  desk.page.off('response', hear);
  assert.equal(pictures(), before);
  console.log(`a look without news: ${Math.min(...sizes)} bytes`);
  assert.ok(Math.min(...sizes) < 200, sizes.join());
}));

test('arrows lead from tile to tile, and Enter opens the attempt', at('invigilator', async (desk) => {
  const { page } = desk;
  const [first, second] = await order(desk);
  await page.locator(`[data-attempt="${first}"]`).focus();
  await page.keyboard.press('ArrowRight');
  await until(() => page.evaluate((id) => document.activeElement?.dataset.attempt === id, second), 'the next tile');
  await page.keyboard.press('ArrowLeft');
  await page.keyboard.press('Enter');
  await until(() => page.url().includes(`/attempts/${first}`), 'the attempt');
  await desk.heading('经过');
}));

/** The page of an attempt, once its photographs were looked at by the machine. */
async function evidenceOf(desk, sitter) {
  await desk.go(`/attempts/${sitter.attempt}`);
  await desk.page.getByRole('heading', { level: 1, name: new RegExp(sitter.account.name) }).waitFor();
}

test('the evidence shows photographs, what is noticed in them, and what happened', at('invigilator', async (desk) => {
  const { page } = desk;
  const { sends } = sitters;
  await scene.server.turnClock(MINUTE);
  await photographed(sends, 'curtain');
  await sends.answer(2);
  await evidenceOf(desk, sends);
  const strip = page.getByRole('group', { name: '全部照片' }).locator('button');
  await until(async () => (await strip.count()) === 2, 'both photographs');
  await page.locator('.thumb', { hasText: '未检测到人脸' }).waitFor();
  const shown = page.locator('.large img');
  await until(() => shown.evaluate((one) => one.naturalWidth > 300), 'the large picture');
  await page.keyboard.press('ArrowLeft');
  await desk.sees(/第 1 张 ·/);
  await page.getByRole('region', { name: '全部照片' }).getByText('无提示').first().waitFor();
  await page.locator('li', { hasText: '未检测到人脸' }).getByRole('button', { name: /看第 2 张/ }).last().click();
  await desk.sees(/第 2 张 ·/);
  await desk.sees('没有登记照');
  await page.getByRole('img', { name: /作答 \d+ 分钟，共 2 次/ }).waitFor();
  await looked(desk, 'attempt');
}));

test('away, another device and acts of staff stand in the story, with names and reasons', at('invigilator', async (desk) => {
  const { page } = desk;
  const { away } = sitters;
  await away.signal('offline');
  await away.signal('online');
  await away.tell('b', { t: 'signal', kind: 'call' });
  await evidenceOf(desk, away);
  const story = page.getByRole('list', { name: '经过' });
  for (const words of ['开始作答', '离开页面', '网络中断', '在另一台设备打开', '有来电']) await story.getByText(words).first().waitFor();
  await page.getByRole('button', { name: '处理', exact: true }).click();
  await page.getByRole('menuitem', { name: '暂停', exact: true }).click();
  await desk.sees(/计时停在 \d+:\d+，10 分钟后自动恢复。已答 1 \/ 5 题不变/);
  await desk.confirm('暂停', '核对身份');
  await story.getByText('演示监考 · 核对身份').waitFor();
  await page.getByRole('heading', { level: 1 }).getByText('已暂停').waitFor();
  await page.getByRole('button', { name: '处理', exact: true }).click();
  await page.getByRole('menuitem', { name: '发消息', exact: true }).click();
  const dialog = page.getByRole('dialog', { name: `给 ${away.account.name} 发消息` });
  await dialog.locator('textarea').fill('请出示证件');
  await dialog.getByRole('button', { name: '发送' }).click();
  await story.getByText('演示监考 · 请出示证件').waitFor();
  await page.getByRole('button', { name: '处理', exact: true }).click();
  await page.getByRole('menuitem', { name: '恢复', exact: true }).click();
  await desk.confirm('恢复', '已核对');
  await page.getByRole('heading', { level: 1 }).getByText('作答中').waitFor();
  await looked(desk, 'attempt-away');
}));

test('the registry’s photograph stands beside the snapshots, and both are compared in large', at('invigilator', async (desk) => {
  const { page } = desk;
  const { sends } = sitters;
  const picture = await readFile(fileURLToPath(new URL('../../proctor/tests/pictures/obama_2.jpg', import.meta.url)));
  await page.route(/\/attempts\/[^/]+\/watch$/, async (route) => {
    const answer = await route.fetch();
    await route.fulfill({ response: answer, json: { ...(await answer.json()), portrait: true } });
  });
  await page.route(/\/portrait$/, (route) => route.fulfill({ contentType: 'image/jpeg', body: picture }));
  await evidenceOf(desk, sends);
  await until(() => page.getByRole('img', { name: '登记照' }).first().evaluate((one) => one.naturalWidth > 0), 'the registry’s photograph');
  await desk.press('与登记照对照');
  const dialog = page.getByRole('dialog', { name: '与登记照对照' });
  await dialog.getByRole('img', { name: /第 \d 张/ }).waitFor();
  const [{ name }] = [await dialog.getByRole('img').last().evaluate((one) => ({ name: one.alt }))];
  await page.keyboard.press('ArrowLeft');
  await until(() => dialog.getByRole('img').last().evaluate((one, before) => one.alt !== before && one.naturalWidth > 0, name), 'the picture before');
  await looked(desk, 'compare');
  await page.keyboard.press('Escape');
  await page.unrouteAll({ behavior: 'ignoreErrors' });
}));

test('pictures are taken away with a reason, marked and in one file', at('invigilator', async (desk) => {
  await desk.press('下载照片');
  await desk.sees('每张都会标上您的账号和时间');
  const { name, bytes } = await desk.downloaded(() => desk.confirm('下载照片', '送交复核'));
  assert.match(name, /监考照片\.zip$/);
  assert.equal(bytes.subarray(0, 2).toString(), 'PK');
}));

test('whoever has no camera waits at the door until an invigilator lets them in', at('invigilator', async (desk) => {
  const { page } = desk;
  const account = scene.server.accounts.at(-1);
  const sitter = new Sitter(scene.server, account);
  await sitter.arrive(DOOR_EXAM);
  assert.ok(await sitter.isTurnedAway(UNWATCHED), 'the door is shut');
  await desk.go(`/wall?exam=${sitter.exam}`);
  await page.getByRole('button', { name: /入场 · 1/ }).click();
  await page.getByRole('button', { name: `允许 ${account.name} 入场` }).click();
  await desk.sees('请先核对本人身份');
  await desk.confirm('允许入场', '已核对身份证');
  await desk.sees(/已允许，至/);
  await desk.still();
  await looked(desk, 'door');
  await sitter.start(UNWATCHED);
  await page.keyboard.press('Escape');
  await tileOf(desk, sitter).waitFor();
}));

/** A wall of `count` attempts as the server would tell of it; each look changes some. */
function crowd(count, changes) {
  const flags = [[], [{ code: 'no_face', severity: 'look', times: 2 }], [{ code: 'several_faces', severity: 'first', times: 1 }], [{ code: 'dark', severity: 'note', times: 1 }]];
  const tile = (at, round) => {
    const own = flags[(at * 7 + round) % 13 < 9 ? 0 : (at + round) % 4];
    return { attempt_id: `crowd-${at}`, candidate_id: `c${at}`, candidate: `考生${String(at).padStart(3, '0')}`, institution: '演示', phase: 'running', started_at_ms: 0, deadline_ms: Date.now() + 1e6, slots: 50, answered: (at + round) % 50, severity: own[0]?.severity ?? null, flags: own, due: 4, taken: 4 - (at % 11 === 0), newest: 1 + round, newest_at_ms: Date.now(), watched: true };
  };
  let round = 0;
  return (since) => {
    const whole = !since;
    round += 1;
    const places = whole ? Array.from({ length: count }, (_, at) => at) : Array.from({ length: changes }, (_, at) => (at * 37 + round) % count);
    return { version: `crowd.${round}`, whole, tiles: places.map((at) => tile(at, round)), gone: [], more: true, now_ms: Date.now() };
  };
}

/** Notes in the page how long it takes from an answer until the tiles have changed, and until they are painted. */
const MEASURE = `{
  const text = Response.prototype.text;
  window.wallTimes = [];
  Response.prototype.text = async function () {
    const read = await text.call(this);
    if (this.url.includes('/wall?')) {
      const began = performance.now();
      requestAnimationFrame(() => setTimeout(() => window.wallTimes.push(performance.now() - began)));
    }
    return read;
  };
}`;

test('500 tiles stay fluid while some of them change', at('invigilator', async (desk) => {
  const { page } = desk;
  const picture = await readFile(fileURLToPath(new URL('../../proctor/tests/pictures/collins.jpg', import.meta.url)));
  await page.addInitScript(MEASURE);
  const told = crowd(500, 25);
  let bytes = 0;
  await page.route(/\/wall\?/, (route) => {
    const body = JSON.stringify(told(new URL(route.request().url()).searchParams.get('since')));
    bytes = body.length;
    return route.fulfill({ contentType: 'application/json', body });
  });
  await page.route(/crowd-\d+\/snapshots/, (route) => route.fulfill({ contentType: 'image/jpeg', body: picture }));
  await desk.go('/wall');
  await page.reload();
  await until(async () => (await page.locator('[data-attempt]').count()) === 500, '500 tiles');
  await desk.sees('请多人分看');
  const [first] = await page.evaluate(() => window.wallTimes.splice(0));
  await until(() => page.evaluate(() => window.wallTimes.length >= 4), 'four changes');
  const times = await page.evaluate(() => window.wallTimes);
  console.log(`500 tiles: whole ${Math.round(first)} ms; 25 changed: ${times.map(Math.round).join(', ')} ms until painted, ${bytes} bytes`);
  assert.ok(times.sort((a, b) => a - b)[1] < 500, times.join());
  await page.getByLabel('共几份').selectOption('2');
  await until(() => /parts=2/.test(page.url()), 'the parts in the address');
  await page.getByLabel('我看第几份').selectOption('2');
  await until(() => /part=2/.test(page.url()), 'the part in the address');
  await desk.shoot('wall-crowd');
  await page.unrouteAll({ behavior: 'ignoreErrors' });
}));

test('an exam keeps how it takes photographs when it is opened and published again, and what is missing is told', at('author', async (desk) => {
  const { page } = desk;
  await desk.signIn('demo-author');
  const detail = () => desk.ask(`/exams/${sitters.sends.exam}`, undefined, 'GET');
  const { definition, revision } = await detail();
  await desk.go(`/exams/${sitters.sends.exam}`);
  await page.getByRole('spinbutton', { name: '照片保存天数' }).fill('0');
  await page.getByRole('spinbutton', { name: '照片保存天数' }).press('Tab');
  await desk.sees('须为 1 至 3660 天');
  await page.locator('select[name=without_camera]').selectOption('on_site');
  await desk.sees('到现场考试时必须填写');
  await desk.press('检查');
  await desk.sees('照片保存天数：超出允许的范围');
  await desk.sees('无摄像头时的地点和联系人：必须填写，没有默认值');
  await page.getByRole('heading', { name: '监考', exact: true }).scrollIntoViewIfNeeded();
  await desk.shoot('exam-watch-refused');
  await page.getByRole('spinbutton', { name: '照片保存天数' }).fill('30');
  await page.locator('select[name=without_camera]').selectOption('flag');
  // Comparing needs a consent of its own, with words.
  await page.getByRole('switch', { name: '登记照片比对' }).press('Space');
  await desk.sees('比对须有单独的同意书');
  await desk.press('检查');
  await desk.sees('同意书 › 2 › 内容：必须填写，没有默认值');
  const comparing = { kind: 'recognition', version: 'r-1', text: '同意比对。' };
  await page.locator('input[name=recognition_version]').fill(comparing.version);
  await page.locator('textarea[name=recognition_text]').fill(comparing.text);
  await desk.press('发布');
  await page.getByRole('dialog').getByRole('row', { name: /照片保存天数/ }).waitFor();
  await desk.confirm('确认发布', '缩短保存期');
  await desk.sees(`已发布（第 ${revision + 1} 次）`);
  const { place, ...kept } = definition.proctoring;
  const renewed = await detail();
  assert.deepEqual(renewed.definition.proctoring, { ...kept, keep_days: 30 });
  assert.deepEqual(renewed.definition.consents, [...definition.consents, comparing]);
  await page.getByRole('heading', { name: '监考', exact: true }).scrollIntoViewIfNeeded();
  await looked(desk, 'exam-watch');
  await page.getByRole('switch', { name: '随机拍照' }).press('Space');
  await desk.sees('这场考试不拍照');
  await page.getByRole('switch', { name: '随机拍照' }).press('Space');
  await desk.press('检查');
  for (const field of ['至少拍照张数', '没有摄像头的考生', '申诉期限（天）', '同意书 › 1 › 内容']) await desk.sees(`${field}：必须填写，没有默认值`);
}));

test('every code of the server’s rules has words in the console and on the phone', async () => {
  const read = (path) => readFile(fileURLToPath(new URL(path, import.meta.url)), 'utf8');
  const rules = (await read('../../proctor/src/findings.rs')) + (await read('../../proctor/src/incidents.rs'));
  const codes = Array.from(rules.matchAll(/Self::\w+ => "(\w+)"/g), ([, code]) => code);
  assert.ok(codes.length > 20);
  const known = await read('../src/console/logic/incidents.ts');
  const places = ['console/texts', 'phone/review/texts'].map((place) => [`../src/${place}/zh-CN.ts`, `../src/${place}/en.ts`]);
  const texts = await Promise.all(places.flat().map(read));
  for (const code of codes) {
    assert.match(known, new RegExp(`^  ${code}: `, 'm'));
    for (const text of texts) assert.ok(text.includes(`'incident.${code}'`), code);
  }
});
