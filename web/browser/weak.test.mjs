// A weak network. Its figures are measured, so this file runs when nothing else does.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stage } from './support/stage.mjs';

const scene = stage();

/** 400 kbit/s with 400 ms there and back. */
const WEAK = { offline: false, latency: 400, downloadThroughput: 50_000, uploadThroughput: 50_000 };
const READY_WITHIN_MS = 3_000;

async function onWeakNetwork(phone) {
  const wire = await phone.context.newCDPSession(phone.page);
  await wire.send('Network.enable');
  await wire.send('Network.emulateNetworkConditions', WEAK);
}

/** What came when, for whoever wants to make it faster. */
function timings(page) {
  return page.evaluate(() => {
    const line = ({ name, startTime, responseEnd, transferSize }) =>
      `${name.slice(-44)} ${Math.round(startTime)}-${Math.round(responseEnd || startTime)} ms ${transferSize || 0} bytes`;
    return performance.getEntries().map(line).join('\n');
  });
}

/** The best of five: a machine that is busy is no weak network. */
async function ready(name, measure) {
  const took = [];
  while (took.length < 5 && !(Math.min(...took) <= READY_WITHIN_MS)) took.push(Math.round(await measure()));
  console.log(`${name}: ${took.join(', ')} ms`);
  assert.ok(Math.min(...took) <= READY_WITHIN_MS, `${took} ms`);
}

test('on a weak network the exam stands on the screen within 3 s of coming back to it', scene.withPhone({}, async (phone) => {
  await phone.sit(scene.server.sitting());
  const url = phone.page.url();
  await ready('nothing kept', async () => {
    const fresh = await scene.anotherPhone({ serviceWorkers: 'block' });
    await fresh.context.addCookies(await phone.context.cookies());
    await onWeakNetwork(fresh);
    const begun = performance.now();
    await fresh.page.goto(url, { waitUntil: 'commit' });
    await fresh.page.locator('.item .options label').first().waitFor();
    const took = performance.now() - begun;
    if (process.env.EXAM_WEB_TIMINGS) console.log(await timings(fresh.page));
    await fresh.context.close();
    return took;
  });
  await onWeakNetwork(phone);
  await ready('kept pages', async () => {
    const begun = performance.now();
    await phone.page.reload({ waitUntil: 'commit' });
    await phone.page.locator('.item .options label').first().waitFor();
    return performance.now() - begun;
  });
}));

test('on a weak network the exam stands on the screen within 3 s of its start', scene.withPhone({}, async (phone) => {
  const { account, exam } = scene.server.sitting();
  await phone.signIn(account);
  await onWeakNetwork(phone);
  await phone.go('/exams');
  await phone.page.locator('.card', { hasText: exam }).getByRole('button', { name: '进入测评' }).tap();
  await phone.page.getByText('我已阅读并同意遵守上述规定').tap();
  await phone.tap('去考试');
  await phone.sees('可以参加考试');
  const begun = performance.now();
  await phone.tap('开始考试');
  await phone.page.locator('.item .options label').first().waitFor();
  const took = Math.round(performance.now() - begun);
  console.log(`from the start: ${took} ms`);
  assert.ok(took <= READY_WITHIN_MS, `${took} ms`);
}));
