// Before the exam: what is said of photographs, the camera in the device check, and the ways on without one.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSound } from './support/audit.mjs';
import { portrait } from './support/clips.mjs';
import { fits } from './support/fits.mjs';
import { Invigilator } from './support/staff.mjs';
import { stage, until } from './support/stage.mjs';
import { agree, aMinuteLater, COMPARED, COMPARING, PLACE, publishWatchedExams, toNotice, uploads, watchedSitting } from './support/watched.mjs';

const scene = stage(publishWatchedExams);
const CAMERA = { clip: 'face', permissions: ['camera'] };

/** A browser in which the camera fails by the name that a page calls `fail` with. */
const failing = (name) => ({
  before: `{
    window.cameraFails = ${JSON.stringify(name)};
    const devices = navigator.mediaDevices;
    const open = devices.getUserMedia.bind(devices);
    devices.getUserMedia = async (wanted) => {
      if (window.cameraFails) throw new DOMException('as the test wants it', window.cameraFails);
      return open(wanted);
    };
  }`,
});

async function sound(phone, name) {
  await isSound(phone, name);
  await fits(phone, name);
  await phone.shoot(name);
}

/** To the device check of the exam with this policy, having agreed to photographs. */
async function toCheck(phone, policy = 'flag', given = true) {
  await toNotice(phone, watchedSitting(scene.server, policy));
  await agree(phone, given);
}

/** What a start told the server. */
async function started(phone, name = '开始考试') {
  const sent = phone.page.waitForRequest((request) => request.method() === 'POST' && /exams\/[^/]+\/attempts$/.test(request.url()));
  await phone.tap(name);
  return (await sent).postDataJSON();
}

const POLICIES = { flag: '这次测评会注明没有照片', supervised: '须有监考老师在场', on_site: '请到现场参加' };

for (const [policy, words] of Object.entries(POLICIES)) {
  test(`the notice says what is photographed, and what follows without: ${policy}`, scene.withPhone({}, async (phone) => {
    await toNotice(phone, watchedSitting(scene.server, policy));
    const machine = policy === COMPARED ? ['另行同意之后，电脑才把照片与登记照片比对', COMPARING] : ['不做人脸识别'];
    for (const text of ['至少 60 张', '不录音', ...machine, '只由人判断', '保存 90 天', '7 天内提出', words]) await phone.sees(text);
    if (policy !== 'flag') await phone.sees(PLACE);
    const consents = phone.page.locator('.consent');
    for (const consent of await consents.all()) assert.equal(await consent.locator('input').isChecked(), false, 'no consent is taken for given');
    assert.equal(await consents.count(), policy === COMPARED ? 2 : 1);
    await consents.last().scrollIntoViewIfNeeded();
    await sound(phone, `watch-notice-${policy}`);
    await phone.page.locator('.watch').scrollIntoViewIfNeeded();
    await phone.page.evaluate(() => document.querySelector('.watch').scrollIntoView());
    await phone.page.evaluate(() => scrollBy(0, -60));
    await phone.shoot(`watch-notice-${policy}-top`);
  }));
}

for (const colorScheme of ['light', 'dark']) {
  test(`the camera is explained, asked for by a tap and shown, ${colorScheme}`, scene.withPhone({ ...CAMERA, colorScheme }, async (phone) => {
    const asked = [];
    await phone.context.exposeFunction('cameraWasAsked', () => asked.push(1));
    await phone.context.addInitScript(`{
      const devices = navigator.mediaDevices;
      const open = devices.getUserMedia.bind(devices);
      devices.getUserMedia = (wanted) => (window.cameraWasAsked(), open(wanted));
    }`);
    await toCheck(phone);
    await phone.sees('浏览器会询问能否使用摄像头');
    assert.equal(asked.length, 0, 'nothing is asked before the tap');
    assert.equal(await phone.button('开始考试').count(), 0, 'the camera comes first');
    await sound(phone, `camera-explained-${colorScheme}`);
    await phone.tap('打开摄像头');
    await phone.sees('光线合适，请把脸放在框内');
    await phone.sees('可以参加考试');
    const shown = await phone.page.locator('.frame video').evaluate((video) => [video.videoWidth, video.videoHeight, video.muted, getComputedStyle(video).transform]);
    console.log(`the frame: ${shown}`);
    assert.deepEqual(shown.slice(2), [true, 'matrix(-1, 0, 0, 1, 0, 0)'], 'a mirror without sound');
    await phone.page.locator('.frame').scrollIntoViewIfNeeded();
    await sound(phone, `camera-live-${colorScheme}`);
    const body = await started(phone);
    assert.equal(body.camera, 'live');
    await phone.isSitting();
    await phone.page.locator('.camera.live').waitFor();
    assert.equal(asked.length, 1, 'the exam goes on with the same camera');
    await phone.shoot(`camera-exam-${colorScheme}`);
  }));
}

test('a start that did not come through keeps the camera', scene.withPhone(CAMERA, async (phone) => {
  await toCheck(phone);
  await phone.tap('打开摄像头');
  await phone.sees('可以参加考试');
  scene.network.cut();
  await phone.tap('开始考试');
  await phone.sees('网络中断');
  scene.network.mend();
  await phone.tap('重试');
  await phone.sees('画面正常');
  await phone.sees('可以参加考试');
  assert.equal((await started(phone)).camera, 'live');
  await phone.isSitting();
  await phone.page.locator('.camera.live').waitFor();
}));

test('a dark room is told before the exam', scene.withPhone({ ...CAMERA, clip: 'dark' }, async (phone) => {
  await toCheck(phone);
  await phone.tap('打开摄像头');
  await phone.sees('光线太暗');
  await phone.sees('请留意上面的提示');
  await sound(phone, 'camera-dark');
  assert.ok(await phone.button('开始考试').isEnabled(), 'advice holds nobody up');
}));

const FAILURES = { NotAllowedError: '权限 → 相机', NotFoundError: '没有找到摄像头', NotReadableError: '被别的应用占用' };

for (const [name, words] of Object.entries(FAILURES)) {
  test(`${name}: it is said what helps, and a second try goes on`, scene.withPhone({ ...CAMERA, ...failing(name) }, async (phone) => {
    await toCheck(phone);
    await phone.tap('打开摄像头');
    await phone.sees(words);
    await sound(phone, `camera-${name}`);
    await phone.page.evaluate(() => (window.cameraFails = null));
    await phone.tap('再试一次');
    await phone.sees('画面正常');
  }));
}

/** Answers no question for the camera until `cameraAnswers` is called in the page. */
const SILENT = {
  before: `{
    const devices = navigator.mediaDevices;
    const open = devices.getUserMedia.bind(devices);
    window.cameraTracks = [];
    const answered = new Promise((resolve) => (window.cameraAnswers = resolve));
    devices.getUserMedia = async (wanted) => {
      await answered;
      const stream = await open(wanted);
      window.cameraTracks.push(...stream.getTracks());
      return stream;
    };
  }`,
};

test('a question for the camera that nobody answers leaves the other ways, and a late answer no light on', scene.withPhone({ ...CAMERA, ...SILENT }, async (phone) => {
  await toCheck(phone);
  await phone.tap('打开摄像头');
  await phone.sees('请在弹出的询问中选“允许”');
  assert.equal(await phone.button('不用摄像头继续').count(), 0);
  await phone.turnClock(8_000);
  await phone.sees('手机还没有答复');
  assert.ok((await phone.button('改用系统相机拍照').count()) === 1);
  await sound(phone, 'camera-slow');
  await phone.tap('不用摄像头继续');
  await phone.sees('这次测评会注明没有照片');
  await phone.page.evaluate(() => window.cameraAnswers());
  await until(() => phone.page.evaluate(() => window.cameraTracks.length > 0 && window.cameraTracks.every((track) => track.readyState === 'ended')), 'the late camera to be let go');
  await phone.tap('再试一次');
  await phone.sees('画面正常');
}));

test('a browser that refuses says so', scene.withPhone({ clip: 'face' }, async (phone) => {
  await toNotice(phone, watchedSitting(scene.server));
  const wire = await phone.context.newCDPSession(phone.page);
  await wire.send('Browser.setPermission', { permission: { name: 'camera' }, setting: 'denied', origin: scene.network.origin });
  await agree(phone, true);
  await phone.tap('打开摄像头');
  await phone.sees('没有得到使用摄像头的允许');
}));

test('a phone without any camera goes on by its camera app, and the picture answers the first request', scene.withPhone({}, async (phone) => {
  await toCheck(phone);
  await phone.tap('打开摄像头');
  await phone.sees('没有找到摄像头');
  const choose = async (name, mimeType, buffer) => {
    const chooses = phone.page.waitForEvent('filechooser');
    await phone.tap('改用系统相机拍照');
    await (await chooses).setFiles({ name, mimeType, buffer });
  };
  await choose('IMG_1.HEIC', 'image/heic', Buffer.from('no picture'));
  await phone.sees('这张图片打不开');
  await fits(phone, 'unread file');
  await choose('IMG_2.jpg', 'image/jpeg', await portrait());
  await phone.sees('用系统相机拍照，考试中需要时会请您点按');
  await sound(phone, 'camera-file');
  assert.equal((await started(phone)).camera, 'file');
  await phone.isSitting();
  await phone.saved();
  await phone.page.locator('.tool.camera').waitFor();
  assert.equal(await phone.page.getByText('需要一张照片').count(), 0, 'nothing is asked for yet');
  await aMinuteLater(phone, scene.server);
  await until(() => uploads(phone, scene.network).length > 0, 'the picture');
  const [first] = uploads(phone, scene.network);
  assert.ok(first.status === 204 && first.url.endsWith('?by_hand=true') && first.bytes <= 40 * 1024, JSON.stringify(first));
  await aMinuteLater(phone, scene.server);
  await phone.sees('需要一张照片，可继续作答');
  await sound(phone, 'camera-file-wanted');
}));

test('who has no camera and no picture goes on without, and is asked for nothing', scene.withPhone({}, async (phone) => {
  await toCheck(phone);
  await phone.tap('打开摄像头');
  await phone.tap('不用摄像头继续');
  await phone.sees('这次测评会注明没有照片');
  await sound(phone, 'camera-without');
  assert.equal((await started(phone)).camera, 'none');
  await phone.isSitting();
  await phone.page.locator('.tool.camera.off').waitFor();
  await aMinuteLater(phone, scene.server);
  await phone.choose(0);
  await phone.saved();
  assert.equal(await phone.page.locator('.lines .note').count(), 0);
}));

test('who refuses the consent sits the exam, and no camera is spoken of', scene.withPhone(CAMERA, async (phone) => {
  await toCheck(phone, 'flag', false);
  await phone.sees('可以参加考试');
  assert.equal(await phone.page.getByText('摄像头').count(), 0);
  const body = await started(phone);
  assert.deepEqual([body.camera, body.consents.snapshots.given], ['none', false]);
  await phone.isSitting();
  await phone.saved();
  await aMinuteLater(phone, scene.server);
  await phone.choose(0);
  await phone.saved();
  assert.equal(await phone.page.locator('.tool.camera').count(), 0);
  assert.equal(uploads(phone, scene.network).length, 0);
}));

for (const policy of ['supervised', 'on_site']) {
  test(`without consent nothing starts until an invigilator admits: ${policy}`, scene.withPhone({}, async (phone) => {
    await toCheck(phone, policy, false);
    await phone.tap('开始考试');
    await phone.sees('还没有开始，没有计时');
    await phone.sees(PLACE);
    await phone.sees('点“允许入场”');
    await sound(phone, `admission-${policy}`);
    await phone.tap('再试一次');
    await phone.sees('老师还没有点“允许入场”');
    await fits(phone, 'not admitted yet');
    await phone.tap('返回须知，改为同意拍照');
    await agree(phone, false); // Or not, after all.
    await phone.tap('开始考试');
    await phone.sees('还没有开始，没有计时');
    const [, examId] = /exams\/([^/]+)/.exec(phone.page.url());
    scene.staff = scene.staff ?? (await Invigilator.signIn(scene.server));
    await scene.staff.admitAll(examId);
    await phone.tap('再试一次');
    await phone.isSitting();
    await phone.saved();
    assert.equal(await phone.page.locator('.tool.camera').count(), 0);
  }));
}

test('the free check tries the camera by a tap only, shows it, and lets it go', scene.withPhone(CAMERA, async (phone) => {
  await phone.signIn(watchedSitting(scene.server).account);
  await phone.go('/check');
  await phone.sees('可以参加考试');
  await phone.sees('不拍照，不上传');
  await sound(phone, 'free-check');
  await phone.tap('检测摄像头');
  await phone.sees('光线合适');
  await phone.tap('返回');
  await phone.sees('您好');
  assert.equal(await phone.page.locator('video').count(), 0);
}));

test('at 165 % and in English the camera’s pages hold', scene.withPhone({ ...CAMERA, before: () => localStorage.setItem('exam.language', 'en') }, async (phone) => {
  const { account: { idNumber, password }, exam } = watchedSitting(scene.server, 'on_site');
  await phone.ask('/sign-in', { id_number: idNumber, password });
  await phone.go('/exams');
  await phone.page.addStyleTag({ content: 'html { font-size: 28px !important; }' });
  await phone.page.locator('.card', { hasText: exam }).getByRole('button', { name: 'Enter' }).tap();
  await phone.sees('No face recognition');
  await sound(phone, 'english-notice');
  await phone.page.getByText('I agree to be photographed').tap();
  await phone.page.getByText('I have read the rules above').tap();
  await phone.tap('To the exam');
  await phone.tap('Open the camera');
  await phone.sees('Keep your face within the oval');
  await sound(phone, 'english-camera');
}));
