// Weak networks. What they cost is asserted: bytes, and round trips one after another. How long it took
// depends on the machine too, so the limits of time are wide, and the times are printed.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stage } from './support/stage.mjs';

const scene = stage();

/** There and back, in milliseconds, and what comes through, in bytes a second. */
const WEAK = { latency: 400, bytes: 400_000 / 8 };
const WEAKEST = { latency: 400, bytes: 50_000 / 8 };

/** What the first load costs the weak network at best; the rest of 3 s is the phone's own work. */
const COST_MS_MAX = 2_400;

/** The page, its files, and the paper, which is asked for by one of the files. */
const TRIPS_MAX = 3;

/** A run as good as this needs no other beside it. */
const GOOD_MS = 2_600;

/** On a machine that does other things too. */
const BUSY_MS_MAX = 6_000;
const RUNS_MAX = 4;

async function onNetwork(phone, { latency, bytes }) {
  const wire = await phone.context.newCDPSession(phone.page);
  await wire.send('Network.enable');
  await wire.send('Network.emulateNetworkConditions', { offline: false, latency, downloadThroughput: bytes, uploadThroughput: bytes });
}

/** What came over the network until the exam stood there: bytes, and how many in a row waited for another. */
async function costs(page) {
  const entries = await page.evaluate(() =>
    [...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')]
      .filter(({ name }) => !/\.svg$|\/about$/.test(name)) // They are asked for when the page stands.
      .map(({ name, entryType, startTime, responseStart, responseEnd, transferSize }) => {
        // What the page names is asked for as soon as its beginning is there.
        const usedAt = entryType === 'navigation' ? responseStart : responseEnd;
        return { name, startTime, responseEnd, usedAt, transferSize };
      }),
  );
  entries.sort((a, b) => a.startTime - b.startTime);
  for (const entry of entries) {
    const before = entries.filter(({ usedAt }) => usedAt > 0 && usedAt <= entry.startTime);
    entry.trip = 1 + Math.max(0, ...before.map(({ trip }) => trip));
  }
  const line = (one) => `  ${one.trip} ${Math.round(one.startTime)}-${Math.round(one.responseEnd)} ms ${one.transferSize} bytes ${one.name.slice(-44)}`;
  return {
    bytes: entries.reduce((sum, { transferSize }) => sum + transferSize, 0),
    trips: Math.max(...entries.map(({ trip }) => trip)),
    lines: entries.map(line).join('\n'),
  };
}

async function stands(phone, act) {
  const begun = performance.now();
  await act();
  await phone.page.locator('.item .options label').first().waitFor({ timeout: 60_000 });
  return Math.round(performance.now() - begun);
}

/** The best of some runs, said aloud with the others. */
async function best(name, run) {
  const took = [];
  while (took.length < RUNS_MAX && !(Math.min(...took) <= GOOD_MS)) took.push(await run());
  console.log(`${name}: ${took.join(', ')} ms`);
  assert.ok(Math.min(...took) <= BUSY_MS_MAX, `${took} ms`);
}

test('on a weak network who comes back to an exam sees it after two round trips and 70 KB', scene.withPhone({}, async (phone) => {
  await phone.sit(scene.server.sitting());
  const url = phone.page.url();
  let cost;
  await best('nothing kept', async () => {
    const fresh = await scene.anotherPhone({ serviceWorkers: 'block' });
    await fresh.context.addCookies(await phone.context.cookies());
    await onNetwork(fresh, WEAK);
    const took = await stands(fresh, () => fresh.page.goto(url, { waitUntil: 'commit' }));
    cost = await costs(fresh.page);
    await fresh.context.close();
    return took;
  });
  console.log(`${cost.bytes} bytes, ${cost.trips} trips\n${cost.lines}`);
  assert.ok(cost.trips <= TRIPS_MAX, `${cost.trips} trips`);
  // The paper's trip runs beside the scripts: two are waited for.
  const ideal = 2 * WEAK.latency + (1_000 * cost.bytes) / WEAK.bytes;
  assert.ok(ideal <= COST_MS_MAX, `${Math.round(ideal)} ms of network`);
  await onNetwork(phone, WEAK);
  await best('kept pages', () => stands(phone, () => phone.page.reload({ waitUntil: 'commit' })));
}));

test('on a weak network the sign-in page stands there after four round trips', async () => {
  let cost;
  await best('sign-in', async () => {
    const fresh = await scene.anotherPhone({ serviceWorkers: 'block' });
    await onNetwork(fresh, WEAK);
    const begun = performance.now();
    await fresh.go('/');
    await fresh.button('登录').waitFor();
    const took = Math.round(performance.now() - begun);
    cost = await costs(fresh.page);
    await fresh.context.close();
    return took;
  });
  console.log(`${cost.bytes} bytes, ${cost.trips} trips\n${cost.lines}`);
  assert.ok(cost.trips <= 4, `${cost.trips} trips`);
});

test('on a weak network the first item stands there soon after the start', scene.withPhone({}, async (phone) => {
  const { account, exam } = scene.server.sitting();
  await phone.signIn(account);
  await onNetwork(phone, WEAK);
  await phone.readies(exam);
  const took = await stands(phone, () => phone.tap('开始考试'));
  console.log(`from the start: ${took} ms`);
  assert.ok(took <= BUSY_MS_MAX, `${took} ms`);
}));

test('on 50 kbit/s somebody signs in, sits an exam, answers five items and hands in', scene.withPhone({}, async (phone) => {
  const { account, exam } = scene.server.sitting();
  const patient = { timeout: 60_000 };
  phone.context.setDefaultTimeout(patient.timeout);
  await onNetwork(phone, WEAKEST);
  const said = [];
  const timed = async (what, within, act) => {
    const begun = performance.now();
    await act();
    const seconds = (performance.now() - begun) / 1_000;
    said.push(`  ${seconds.toFixed(1)} s ${what}`);
    assert.ok(seconds <= within, said.join('\n'));
  };
  await timed('sign-in page, nothing kept', 40, async () => {
    await phone.go('/sign-in');
    await phone.button('登录').waitFor();
  });
  await timed('signed in, home', 20, () => phone.signsIn(account));
  await timed('list of exams', 20, async () => {
    await phone.page.locator('.tile').first().tap();
    await phone.page.locator('.card', { hasText: exam }).waitFor();
  });
  await timed('notice and device check', 30, () => phone.readies(exam));
  await timed('start to first item', 15, () => stands(phone, () => phone.tap('开始考试')));
  for (let place = 0; place < 5; place++) {
    await timed(`item ${place + 1} shown as chosen`, 2, async () => {
      await phone.choose(place % 2);
      assert.equal((await phone.chosen()).length, 1);
      if (place < 4) await phone.tap('下一题');
    });
  }
  await timed('all five saved', 10, () => phone.saved());
  assert.equal(Object.keys((await phone.onServer()).responses).length, 5);
  await timed('handed in, result', 20, async () => {
    await phone.handIn();
    await phone.sees('交卷成功');
    await phone.sees('5 题');
  });
  console.log(`50 kbit/s:\n${said.join('\n')}`);
}));
