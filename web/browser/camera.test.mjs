// The camera in the exam: what it sees is sent when it is asked for, and what happens when it is not there.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isSound } from './support/audit.mjs';
import { portrait } from './support/clips.mjs';
import { fits } from './support/fits.mjs';
import { Invigilator } from './support/staff.mjs';
import { stage, until } from './support/stage.mjs';
import { aMinuteLater, labels, publishWatchedExams, sitWatched, sitWatchedAt, uploads, watchedSitting } from './support/watched.mjs';

const scene = stage(publishWatchedExams);
const CAMERA = { clip: 'face', permissions: ['camera'] };

/** At least so many photographs of this phone's attempt were answered; all of them are taken in. */
async function photographed(phone, count) {
  await until(() => uploads(phone, scene.network).length >= count, `${count} photographs`);
  const sent = uploads(phone, scene.network);
  for (const { status, bytes } of sent) assert.ok(status === 204 && bytes > 1_000 && bytes <= 40 * 1024, JSON.stringify(sent));
  return sent;
}

/** The evidence as an invigilator sees it, once every photograph was looked at. One sign-in for the whole file. */
async function evidence(phone) {
  scene.staff = scene.staff ?? (await Invigilator.signIn(scene.server));
  return until(async () => {
    const seen = await scene.staff.watch(phone.attemptId());
    return seen.snapshots.every(({ findings }) => findings !== null) && seen;
  }, 'the findings');
}

const incidentsOf = async (phone) => (await evidence(phone)).incidents.map(({ code }) => code);

/** What the phone told the server of its camera, in order. */
function hearSignals(phone) {
  const told = [];
  const read = (text) => {
    for (const [kind] of String(text).matchAll(/camera_(?:lost|back)|hidden|shown/g)) told.push(kind);
  };
  phone.page.on('websocket', (socket) => socket.on('framesent', ({ payload }) => read(payload)));
  phone.page.on('request', (request) => request.url().endsWith('/events') && read(request.postData()));
  return told;
}

/** The track of the page's camera, as a test reaches it. */
const KEEP_TRACKS = `{
  const open = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  window.cameraFails = null;
  window.cameraTracks = [];
  navigator.mediaDevices.getUserMedia = async (wanted) => {
    if (wanted.audio) throw new Error('sound was asked for');
    if (window.cameraFails) throw new DOMException('as the test wants it', window.cameraFails);
    const stream = await open(wanted);
    window.cameraTracks.push(...stream.getTracks());
    return stream;
  };
}`;
const WITNESSED = { ...CAMERA, before: KEEP_TRACKS };

/** The camera ends, as where another app takes it; the next tries fail by \`name\`, or find it again. */
async function loseCamera(phone, name) {
  await phone.page.evaluate((failure) => {
    window.cameraFails = failure;
    const track = window.cameraTracks[window.cameraTracks.length - 1];
    track.stop();
    track.dispatchEvent(new Event('ended'));
  }, name);
}

const findCamera = (phone) => phone.page.evaluate(() => (window.cameraFails = null));
const openTracks = (phone) => phone.page.evaluate(() => window.cameraTracks.filter((track) => track.readyState === 'live').length);

/** What the server finds on the second photograph of each clip. */
const FOUND = { face: [], faces: ['several_faces'], empty: ['no_face'], dark: ['dark'], frozen: ['same_file'] };

for (const [clip, found] of Object.entries(FOUND)) {
  test(`a camera that shows ${clip}: photographs are taken, sent and found to show it`, scene.withPhone({ ...CAMERA, clip }, async (phone) => {
    await sitWatched(phone, watchedSitting(scene.server));
    await aMinuteLater(phone, scene.server);
    await photographed(phone, 1);
    await aMinuteLater(phone, scene.server);
    const sent = await photographed(phone, 2);
    console.log(`${clip}: ${sent.map(({ bytes }) => bytes).join(', ')} bytes`);
    assert.ok(labels(sent).every((label) => /fake_device|mjpeg/i.test(label)), labels(sent).join());
    const { asked, taken, snapshots } = await evidence(phone);
    assert.ok(asked >= 2 && taken >= 2, `${taken} of ${asked}`);
    console.log(`${clip}: ${JSON.stringify(snapshots.map(({ findings, camera }) => [camera, ...findings]))}`);
    const { findings } = snapshots[1];
    assert.ok(found.every((one) => findings.includes(one)) && (found.length > 0 || findings.length === 0), findings.join());
  }));
}

test('a photograph shows for a second in the bar, and nothing moves', scene.withPhone(CAMERA, async (phone) => {
  await sitWatched(phone, watchedSitting(scene.server));
  const place = () => phone.page.locator('.tool.flag').boundingBox();
  const before = await place();
  await aMinuteLater(phone, scene.server);
  await phone.page.locator('.camera.flash').waitFor();
  assert.deepEqual(await place(), before);
  await phone.shoot('camera-flash');
  await phone.page.locator('.camera.flash').waitFor({ state: 'detached' });
  assert.equal(await phone.page.locator('.modal').count(), 0);
  await phone.choose(1);
  await phone.saved();
  await isSound(phone, 'exam with a camera');
  await fits(phone, 'exam with a camera');
}));

test('a camera that ends in mid-exam comes back by itself, and both are told once', scene.withPhone(WITNESSED, async (phone) => {
  const told = hearSignals(phone);
  await sitWatched(phone, watchedSitting(scene.server));
  await loseCamera(phone, null);
  await until(() => told.includes('camera_back'), 'the camera');
  await phone.page.locator('.camera.live').waitFor();
  assert.equal(await phone.page.getByText('恢复摄像头').count(), 0);
  await aMinuteLater(phone, scene.server);
  await photographed(phone, 1);
  assert.deepEqual(told, ['camera_lost', 'camera_back']);
  assert.equal(await openTracks(phone), 1);
}));

test('a camera that another app takes for a moment is muted: it is lost after two seconds, and back with it', scene.withPhone(WITNESSED, async (phone) => {
  const told = hearSignals(phone);
  await sitWatched(phone, watchedSitting(scene.server));
  await phone.page.evaluate(() => (window.cameraFails = 'NotReadableError'));
  const mute = (muted) =>
    phone.page.evaluate((now) => {
      const track = window.cameraTracks[0];
      Object.defineProperty(track, 'muted', { configurable: true, get: () => now });
      track.dispatchEvent(new Event(now ? 'mute' : 'unmute'));
    }, muted);
  await mute(true);
  await mute(false);
  await mute(true);
  await phone.page.locator('.tool.camera.returning').waitFor();
  await mute(false);
  await phone.page.locator('.tool.camera.live').waitFor();
  await until(() => told.length === 2, 'both signals');
  assert.deepEqual(told, ['camera_lost', 'camera_back']);
}));

test('a camera that stands still is lost, too', scene.withPhone(WITNESSED, async (phone) => {
  const told = hearSignals(phone);
  await sitWatched(phone, watchedSitting(scene.server));
  await phone.page.evaluate(() => Object.defineProperty(document.querySelector('video'), 'currentTime', { get: () => 7 }));
  await until(() => told.includes('camera_lost'), 'the signal');
}));

test('a camera that stays away is an amber line with one button; what was asked for meanwhile is answered then', scene.withPhone(WITNESSED, async (phone) => {
  const told = hearSignals(phone);
  await sitWatched(phone, watchedSitting(scene.server));
  await loseCamera(phone, 'NotReadableError');
  await phone.sees('摄像头断开了，可以继续作答');
  await isSound(phone, 'camera lost');
  await fits(phone, 'camera lost');
  await phone.shoot('camera-lost');
  await aMinuteLater(phone, scene.server);
  await phone.choose(2);
  await phone.saved();
  await phone.tap('恢复摄像头');
  await phone.button('打开系统相机').waitFor();
  await fits(phone, 'camera lost, by hand');
  await phone.shoot('camera-by-hand');
  for (let step = 0; step < 3; step++) await phone.page.locator('.tool', { hasText: '放大' }).tap();
  await phone.page.locator('.percent', { hasText: '200%' }).waitFor();
  await fits(phone, 'camera lost at 200 %');
  await phone.shoot('camera-by-hand-200');
  await phone.page.locator('.tool.camera').tap();
  await phone.sees('请关闭视频通话');
  await isSound(phone, 'dialog of a lost camera');
  await fits(phone, 'dialog of a lost camera');
  await phone.shoot('camera-lost-dialog');
  await phone.tap('继续答题');
  assert.equal(uploads(phone, scene.network).length, 0);
  await findCamera(phone);
  await phone.page.evaluate(() => document.dispatchEvent(new Event('visibilitychange')));
  await photographed(phone, 1);
  await phone.page.locator('.camera.live').waitFor();
  assert.equal(await phone.page.getByRole('button', { name: '打开系统相机' }).count(), 0);
  assert.deepEqual(told, ['camera_lost', 'camera_back']);
  const incidents = await incidentsOf(phone);
  assert.ok(incidents.includes('camera_gone') && !incidents.includes('away'), incidents.join());
}));

test('the button asks for the camera, then offers the phone’s own camera app, and leaving for it is no leaving', scene.withPhone({ ...WITNESSED, colorScheme: 'dark' }, async (phone) => {
  const told = hearSignals(phone);
  await sitWatched(phone, watchedSitting(scene.server));
  await loseCamera(phone, 'NotAllowedError');
  await phone.sees('摄像头断开了');
  await aMinuteLater(phone, scene.server);
  await isSound(phone, 'camera lost, dark');
  await phone.tap('恢复摄像头');
  await phone.button('打开系统相机').waitFor();
  await phone.shoot('camera-by-hand-dark');
  const chooses = phone.page.waitForEvent('filechooser');
  await phone.tap('打开系统相机');
  const chooser = await chooses;
  await hide(phone, true);
  await hide(phone, false);
  await chooser.setFiles({ name: 'IMG_1.jpg', mimeType: 'image/jpeg', buffer: await portrait() });
  const [sent] = await photographed(phone, 1);
  assert.match(sent.url, /[?&]by_hand=true$/);
  assert.equal(await phone.page.getByText('您离开了考试页面').count(), 0);
  assert.deepEqual(told, ['camera_lost']);
  await hide(phone, true);
  await hide(phone, false);
  await until(() => told.includes('shown'), 'a leaving of one’s own');
}));

test('a tap on the camera tells what is taken; the consent is withdrawn, and the camera let go', scene.withPhone(WITNESSED, async (phone) => {
  await sitWatched(phone, watchedSitting(scene.server));
  await aMinuteLater(phone, scene.server);
  await photographed(phone, 1);
  await phone.page.getByRole('button', { name: '考试拍照：摄像头正常' }).tap();
  await phone.sees(/这台手机已拍 [1-9]/);
  await isSound(phone, 'camera dialog');
  await fits(phone, 'camera dialog');
  await phone.shoot('camera-dialog');
  await phone.tap('撤回拍照同意');
  await phone.sees('从现在起不再拍照');
  await isSound(phone, 'withdraw dialog');
  await phone.shoot('camera-withdraw');
  await phone.tap('继续拍照');
  await phone.page.locator('.modal').waitFor({ state: 'hidden' });
  assert.equal(await openTracks(phone), 1);
  await phone.page.locator('.tool.camera').tap();
  await phone.tap('撤回拍照同意');
  scene.network.cut();
  await phone.tap('撤回拍照同意');
  await phone.sees('没有撤回成功');
  await fits(phone, 'not withdrawn');
  scene.network.mend();
  await phone.tap('撤回拍照同意');
  await phone.sees('已撤回，不再拍照');
  await phone.shoot('camera-withdrawn');
  await phone.tap('继续答题');
  assert.equal(await openTracks(phone), 0);
  assert.equal(await phone.page.locator('.tool.camera').count(), 0);
  assert.ok((await incidentsOf(phone)).includes('consent_withdrawn'));
  const before = uploads(phone, scene.network).length;
  await phone.saved();
  await aMinuteLater(phone, scene.server);
  await phone.choose(0);
  await phone.saved();
  const asks = phone.page.waitForResponse((answer) => /\/snapshots$/.test(answer.url()));
  await phone.page.reload();
  await phone.isSitting();
  assert.equal((await (await asks).json()).watched, false);
  await phone.saved();
  assert.equal(uploads(phone, scene.network).length, before);
  assert.equal(await openTracks(phone), 0, 'no camera is opened');
}));

test('what is asked for by requests is answered where sockets are refused', scene.withPhone(CAMERA, async (phone) => {
  scene.network.refusesSockets = true;
  await sitWatchedAt(phone, watchedSitting(scene.server));
  await aMinuteLater(phone, scene.server);
  await photographed(phone, 1);
}));

test('a photograph that was taken without network outlives a reload and is sent when it is back', scene.withPhone(CAMERA, async (phone) => {
  await sitWatched(phone, watchedSitting(scene.server));
  await until(() => phone.page.evaluate(() => navigator.serviceWorker.controller !== null), 'the kept pages');
  const kept = [];
  await phone.context.route('**/snapshots/*', (route) => {
    kept.push(new URL(route.request().url()).pathname);
    return route.abort();
  });
  await aMinuteLater(phone, scene.server);
  await phone.page.locator('.camera.flash').waitFor();
  await phone.page.locator('.camera.flash').waitFor({ state: 'detached' });
  scene.network.cut();
  await phone.choose(1);
  await phone.offline(1);
  await phone.page.reload();
  await phone.isSitting();
  await phone.context.unroute('**/snapshots/*');
  assert.equal(uploads(phone, scene.network).length, 0);
  await aMinuteLater(phone, scene.server); // By then nobody asks for it anew.
  scene.network.mend();
  await phone.saved();
  assert.ok(kept.length > 0);
  await until(() => kept.every((path) => uploads(phone, scene.network).some(({ url }) => url.startsWith(path))), 'what was kept');
  await photographed(phone, 1);
}));

test('what was asked for without network is answered when it is back', scene.withPhone(CAMERA, async (phone) => {
  await sitWatched(phone, watchedSitting(scene.server));
  scene.network.cut();
  await phone.choose(1);
  await phone.offline(1);
  await aMinuteLater(phone, scene.server);
  await phone.shoot('camera-offline');
  await fits(phone, 'offline with a camera');
  scene.network.mend();
  await phone.saved();
  await photographed(phone, 1);
}));

test('a server with too much to do is asked again', scene.withPhone(CAMERA, async (phone) => {
  await sitWatched(phone, watchedSitting(scene.server));
  let refused = 0;
  await phone.context.route('**/snapshots/*', (route) => (refused++ < 1 ? route.fulfill({ status: 503, json: { code: 'busy' } }) : route.fallback()));
  await aMinuteLater(phone, scene.server);
  await photographed(phone, 1);
  assert.ok(refused > 1);
}));

test('who hands in without network is not looked at any more, and what was taken is sent', scene.withPhone(WITNESSED, async (phone) => {
  await sitWatched(phone, watchedSitting(scene.server));
  await phone.choose(0);
  await phone.saved();
  let tried = 0;
  await phone.context.route('**/snapshots/*', (route) => (tried++, route.abort()));
  await aMinuteLater(phone, scene.server);
  await until(() => tried > 0, 'a photograph');
  scene.network.cut();
  await phone.handIn();
  await until(async () => (await openTracks(phone)) === 0, 'the camera to be let go');
  await phone.context.unroute('**/snapshots/*');
  scene.network.mend();
  await phone.sees('交卷成功');
  await photographed(phone, 1);
  assert.equal(await openTracks(phone), 0);
}));

test('at the end the camera is let go', scene.withPhone(WITNESSED, async (phone) => {
  await sitWatched(phone, watchedSitting(scene.server));
  await phone.choose(0);
  await phone.handIn();
  await phone.sees('交卷成功');
  assert.equal(await openTracks(phone), 0);
}));

/** The page is covered by something else, or seen again. */
async function hide(phone, hidden) {
  await phone.page.evaluate((now) => {
    Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => (now ? 'hidden' : 'visible') });
    document.dispatchEvent(new Event('visibilitychange'));
  }, hidden);
}
