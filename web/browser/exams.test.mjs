// What the demo's exams have not: pictures, consents, a verdict without points.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSound } from './support/audit.mjs';
import { PICTURE_EXAM, publishPictureExam } from './support/exams.mjs';
import { fits } from './support/fits.mjs';
import { stage, until } from './support/stage.mjs';

const scene = stage(publishPictureExam);
const { title: exam, words, consent } = PICTURE_EXAM;

/** To the first item; the picture that stands there. */
async function look(phone) {
  await phone.walkIn({ account: scene.server.sitting(exam).account, exam });
  const picture = phone.page.getByRole('button', { name: words });
  await picture.waitFor();
  return picture;
}

const openPicture = (phone) => phone.page.getByRole('dialog', { name: '图 1' });

test('a picture has its words read out, is enlarged, and closes by a back gesture', scene.withPhone({}, async (phone) => {
  const picture = await look(phone);
  assert.match(await picture.ariaSnapshot(), new RegExp(`button "${words} 图 1 · 点按放大"`));
  await isSound(phone, 'item with a picture');
  await fits(phone, 'item with a picture');
  await phone.shoot('picture');
  await picture.tap();
  await openPicture(phone).getByRole('img', { name: words }).waitFor();
  await isSound(phone, 'picture');
  await fits(phone, 'picture');
  const image = openPicture(phone).locator('img');
  const width = async () => (await image.boundingBox()).width;
  const whole = await width();
  assert.ok(whole > 300 && whole <= 360, `${whole} px`);
  await phone.shoot('picture-open');
  await phone.tap('放大');
  assert.ok((await width()) > 1.5 * whole);
  await phone.tap('缩小');
  await pinch(phone, image, 3);
  const pinched = await width();
  assert.ok(pinched > 2.4 * whole && pinched < 3.6 * whole, `${pinched} px`);
  await phone.shoot('picture-pinched');
  await phone.page.evaluate(() => history.back());
  await openPicture(phone).waitFor({ state: 'hidden' });
  assert.equal(await phone.page.getByText('离开考试页面？').count(), 0);
  await phone.choose(1);
  await phone.saved();
  await phone.page.evaluate(() => history.back());
  await phone.sees('离开考试页面？');
  await phone.page.evaluate(() => history.back());
  await phone.page.locator('.modal').waitFor({ state: 'hidden' });
  assert.deepEqual(await phone.chosen(), ['b']);
}));

test('a picture is looked at with the keyboard', scene.withPhone({ isMobile: false }, async (phone) => {
  const picture = await look(phone);
  await picture.focus();
  await phone.page.keyboard.press('Enter');
  const focused = (name) => until(() => phone.page.evaluate((label) => (document.activeElement.ariaLabel || document.activeElement.textContent).includes(label), name), name);
  await focused('关闭');
  await phone.page.keyboard.press('Escape');
  await openPicture(phone).waitFor({ state: 'hidden' });
  await focused('点按放大');
}));

test('a picture that did not come says so, and comes when it is asked for again', scene.withPhone({}, async (phone) => {
  await phone.context.route('**/media/**', (route) => route.abort());
  await phone.sit({ account: scene.server.sitting(exam).account, exam });
  await phone.sees('图片没有加载');
  await phone.context.unroute('**/media/**');
  await phone.tap('图片没有加载，网络恢复后再点此重试');
  await phone.page.getByRole('img', { name: words }).waitFor();
}));

for (const given of [true, false]) {
  test(`a consent may be ${given ? 'given' : 'refused'}, and the result tells the verdict only`, scene.withPhone({}, async (phone) => {
    const { account } = scene.server.sitting(exam);
    await phone.signIn(account);
    await phone.go('/exams');
    await phone.page.locator('.card', { hasText: exam }).getByRole('button', { name: '进入测评' }).tap();
    await phone.sees(consent);
    await isSound(phone, 'notice with a consent');
    await fits(phone, 'notice with a consent');
    if (given) await phone.page.getByText('我同意（可不勾选，不影响参加）').tap();
    await phone.page.getByText('我已阅读并同意遵守上述规定').tap();
    await phone.page.locator('.consent').scrollIntoViewIfNeeded();
    if (given) await phone.shoot('consent');
    const sent = phone.page.waitForRequest((request) => request.method() === 'POST' && request.url().endsWith('/attempts'));
    await phone.tap('去考试');
    await phone.tap('开始考试');
    assert.deepEqual((await sent).postDataJSON().consents, { research: { version: 'r-1', given } });
    await phone.isSitting();
    for (const place of [1, 2]) {
      await phone.page.locator('.item .options label', { hasText: given ? '乙' : '甲' }).tap();
      if (place === 1) await phone.tap('下一题');
    }
    await phone.saved();
    await phone.handIn();
    await phone.page.getByRole('heading', { name: given ? '合格' : '未达到合格线', exact: true }).waitFor();
    await phone.sees('本场测评只公布是否合格');
    await phone.sees('合格线 4 分');
    assert.equal(await phone.page.locator('.points').count(), 0);
    await isSound(phone, 'result without points');
    await fits(phone, 'result without points');
    await phone.shoot(`verdict-only-${given ? 'passed' : 'failed'}`);
    await phone.go('/history');
    await phone.page.locator('.list li', { hasText: exam }).waitFor();
    assert.doesNotMatch(await phone.page.locator('.list').innerText(), /\d 分/);
    await phone.go('/exams');
    const card = phone.page.locator('.card', { hasText: exam });
    await card.waitFor();
    assert.match(await card.innerText(), /最好成绩\s+(合格|未达到合格线|尚无成绩)/);
  }));
}

/** Two fingers on the picture move apart until it is `times` as large. */
async function pinch(phone, image, times) {
  const box = await image.boundingBox();
  const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
  const wire = await phone.context.newCDPSession(phone.page);
  const fingers = (apart) => [{ x: x - apart / 2, y }, { x: x + apart / 2, y }];
  await wire.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: fingers(80) });
  for (let step = 1; step <= 4; step++) {
    await wire.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: fingers(80 + (step * 80 * (times - 1)) / 4) });
  }
  await wire.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
}
