// The phone's share of the list of bad input: groups L (sign-in) and W32 to W34, by id.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Officer } from './support/staff.mjs';
import { stage, until } from './support/stage.mjs';

const scene = stage();
const MINUTE = 60_000;

/** A second factor's code is good once: one sign-in for the whole file. */
async function officer() {
  scene.officer = scene.officer || (await Officer.signIn(scene.server));
  return scene.officer;
}

async function types(phone, idNumber, password) {
  await phone.page.locator('input[name=id_number]').fill(idNumber);
  await phone.page.locator('input[name=password]').fill(password);
  await phone.tap('登录');
}

/** Signs in, learns who it is, and signs out. */
async function whoIs(phone, { idNumber, password }) {
  await phone.ask('/sign-in', { id_number: idNumber, password });
  const { candidate_id: id } = await phone.ask('/me');
  await phone.context.clearCookies();
  return id;
}

const fullWidth = (text) => text.replace(/[!-~]/g, (sign) => String.fromCharCode(sign.charCodeAt(0) + 0xfee0));

test('L02 L05 L06 L07: an ID number is taken as it is typed, and its length is told', scene.withPhone({}, async (phone) => {
  const { account } = scene.server.sitting();
  await phone.go('/sign-in');
  for (const [typed, count] of [['4101991975050311', 16], ['41019919750503119', 17], ['4101991975050311911', 19], ['', 0]]) {
    await types(phone, typed, account.password);
    await phone.sees(`现在是 ${count} 位`);
  }
  let sent = null;
  await phone.page.route('**/api/v1/sign-in', (route) => {
    sent = route.request().postDataJSON();
    return route.continue();
  });
  await types(phone, '11010519491231002x', 'whatever 1');
  await phone.sees('身份证号或密码不正确');
  assert.equal(sent.id_number, '11010519491231002X');
  const { idNumber } = account;
  await types(phone, `${fullWidth(idNumber.slice(0, 9))} \u200b${idNumber.slice(9)}\u3000`, account.password);
  await phone.sees('您好');
  assert.equal(sent.id_number, idNumber);
}));

test('L01 L04 L08: what is no number of anybody is answered like a wrong password', scene.withPhone({}, async (phone) => {
  await phone.go('/sign-in');
  for (const nobody of ['410199197505031192', '410199750503995', '410199751303119', '41019920991231119X', '410199197502301191']) {
    await types(phone, nobody, 'Demo2026kaoshi');
    await phone.sees('身份证号或密码不正确');
    await phone.page.locator('input[name=id_number]').fill('');
  }
}));

test('L03 L09: the old number of 15 digits is the same person', scene.withPhone({}, async (phone) => {
  const { idNumber, password } = scene.server.accounts[3];
  await phone.go('/sign-in');
  await types(phone, idNumber.slice(0, 6) + idNumber.slice(8, 17), password);
  await phone.sees('您好');
  await phone.sees(idNumber.slice(-4));
}));

test('L13 L14: a password that cannot be is refused with its own reason, and nothing that was typed is lost', scene.withPhone({}, async (phone) => {
  const { account } = scene.server.sitting();
  const id = await whoIs(phone, account);
  const code = await (await officer()).reset(id);
  await phone.go('/sign-in');
  await types(phone, account.idNumber, code);
  await phone.sees('请先设置自己的密码');
  const fields = phone.page.locator('input[type=password]');
  const choose = async (password) => {
    await fields.nth(0).fill(password);
    await fields.nth(1).fill(password);
  };
  // Rules that the page itself knows keep the button shut.
  for (const password of ['short1a', '12345678', 'only letters']) {
    await choose(password);
    assert.ok(await phone.button('保存并继续').isDisabled(), password);
  }
  for (const [password, why] of [
    [`x${account.idNumber.slice(-6)}y`, '不能含有身份证号的一部分'],
    ['abc666666', '不能含有 666666'],
    ['Aa123456', '太常见'],
    ['a1a1a1a1a1', '不要重复相同的字符'],
    [`${'密'.repeat(50)}a1`, '密码过长'],
  ]) {
    await choose(password);
    await phone.tap('保存并继续');
    await phone.sees(why);
    assert.equal(await fields.nth(0).inputValue(), password);
  }
  const odd = ' 梅花🌸 9 spaces';
  await choose(odd);
  await phone.tap('保存并继续');
  await phone.sees('您好');
  await phone.context.clearCookies();
  await phone.page.reload();
  await phone.go('/sign-in');
  await types(phone, account.idNumber, odd);
  await phone.sees('您好');
  account.password = odd;
}));

test('L15: after many wrong tries the wait is told, and the right password gets in behind it', scene.withPhone({}, async (phone) => {
  const { account } = scene.server.sitting();
  await phone.go('/sign-in');
  for (let tries = 0; tries < 6; tries++) {
    await types(phone, account.idNumber, `wrong password ${tries}`);
    await phone.button('登录').waitFor();
    await phone.sees(/身份证号或密码不正确|秒后再试/);
  }
  await types(phone, account.idNumber, account.password);
  const told = phone.page.getByText(/请 \d+ 秒后再试/);
  await told.waitFor();
  const seconds = Number((await told.innerText()).match(/请 (\d+) 秒/)[1]);
  assert.ok(seconds >= 1 && seconds <= 8, String(seconds));
  await scene.server.turnClock(seconds * 1000);
  await phone.tap('登录');
  await phone.sees('您好');
}));

test('L16: a password that is reset in mid-exam does not end the exam', scene.withPhone({}, async (phone) => {
  const { account, exam } = scene.server.sitting();
  const id = await whoIs(phone, account);
  await phone.sit({ account, exam });
  await phone.choose(0);
  await phone.saved();
  await (await officer()).reset(id);
  await phone.tap('下一题');
  await phone.choose(1);
  await phone.saved();
  await phone.page.reload();
  await phone.isSitting();
  await phone.saved();
  assert.deepEqual((await phone.onServer()).responses, { 1: ['a'], 2: ['b'] });
}));

test('L21: after signing out nothing of it is left to come back with', scene.withPhone({}, async (phone) => {
  const { account } = scene.server.sitting();
  await phone.signIn(account);
  const kept = (await phone.context.cookies()).filter(({ httpOnly }) => httpOnly);
  assert.equal(kept.length, 1);
  await phone.tap('退出登录');
  await phone.page.getByRole('dialog').getByRole('button', { name: '退出登录' }).tap();
  await phone.button('登录').waitFor();
  await phone.page.goBack().catch(() => null);
  await phone.go('/');
  await phone.button('登录').waitFor();
  await phone.context.addCookies(kept); // The old cookie, kept by somebody.
  await phone.page.reload();
  await phone.go('/exams');
  await phone.button('登录').waitFor();
}));

for (const [what, to] of [
  ['another host', '//evil.example/'],
  ['a script', 'javascript:alert(1)'],
  ['a host behind a backslash', '\\\\evil.example'],
]) {
  test(`L24: a way back that leads to ${what} stays here`, scene.withPhone({}, async (phone) => {
    const [account] = scene.server.accounts;
    await phone.page.goto(`${scene.network.origin}/#/sign-in?to=${encodeURIComponent(to)}`);
    let asked = false;
    phone.page.on('dialog', (dialog) => {
      asked = true;
      return dialog.dismiss();
    });
    await types(phone, account.idNumber, account.password);
    await phone.sees('您好');
    assert.equal(new URL(phone.page.url()).origin, scene.network.origin);
    assert.ok(!asked);
  }));
}

test('W32: ten minutes of frozen timers, and six hundred events at once', scene.withPhone({}, async (phone) => {
  await phone.sit(scene.server.sitting());
  await phone.choose(0);
  await phone.saved();
  const before = await phone.timeLeft();
  const cdp = await phone.context.newCDPSession(phone.page);
  await cdp.send('Page.setWebLifecycleState', { state: 'frozen' });
  scene.network.cut(); // What a phone does to a page that sleeps.
  await scene.server.turnClock(10 * MINUTE);
  scene.network.mend();
  const asked = scene.network.requests.length;
  const opened = scene.network.upgrades;
  await cdp.send('Page.setWebLifecycleState', { state: 'active' });
  await phone.turnClock(10 * MINUTE);
  await phone.page.evaluate(() => {
    const options = document.querySelectorAll('.item .options input');
    for (let n = 0; n < 150; n++) {
      document.dispatchEvent(new Event('visibilitychange'));
      window.dispatchEvent(new PageTransitionEvent('pageshow', { persisted: true }));
      window.dispatchEvent(new Event('online'));
      options[n % 3].click();
    }
  });
  const last = await phone.chosen();
  assert.deepEqual(last, ['c']);
  await phone.saved();
  assert.deepEqual((await phone.onServer()).responses, { 1: ['c'] });
  const passed = before - (await phone.timeLeft());
  assert.ok(passed > 9.8 * MINUTE && passed < 10.5 * MINUTE, `${passed} ms`);
  assert.ok(scene.network.upgrades - opened <= 4, `${scene.network.upgrades - opened} sockets`);
  // Pages that are kept for later may come in the same moment: they are asked for once, whatever happens.
  const toServer = scene.network.requests.slice(asked).filter((request) => request.includes('/api/'));
  assert.ok(toServer.length <= 12, toServer.join(' | '));
  await phone.tap('下一题');
  await phone.choose(1);
  await phone.saved();
}));

test('W34: a full disk is given up for memory, and the exam goes on', scene.withPhone({}, async (phone) => {
  const { account, exam } = scene.server.sitting();
  await phone.go('/sign-in');
  const cdp = await phone.context.newCDPSession(phone.page);
  await cdp.send('Storage.overrideQuotaForOrigin', { origin: scene.network.origin, quotaSize: 1 });
  await phone.sit({ account, exam });
  await phone.choose(1);
  await phone.saved();
  scene.network.cut();
  await phone.tap('下一题');
  await phone.choose(2);
  await phone.offline(1);
  await phone.sees('断网时请不要关闭页面');
  scene.network.mend();
  await phone.saved();
  await phone.page.reload();
  await phone.isSitting();
  await phone.saved();
  assert.deepEqual((await phone.onServer()).responses, { 1: ['b'], 2: ['c'] });
}));

test('W34: what the browser kept is cleared in mid-exam, and no tap is lost', scene.withPhone({}, async (phone) => {
  await phone.sit(scene.server.sitting());
  await phone.choose(1);
  await phone.saved();
  scene.network.cut();
  await phone.tap('下一题');
  await phone.choose(2);
  await phone.offline(1);
  const cdp = await phone.context.newCDPSession(phone.page);
  const cleared = { origin: scene.network.origin, storageTypes: 'indexeddb,local_storage,cache_storage,service_workers' };
  await cdp.send('Storage.clearDataForOrigin', cleared);
  await phone.tap('下一题');
  await phone.choose(0);
  await phone.offline(2);
  scene.network.mend();
  await phone.saved();
  assert.deepEqual((await phone.onServer()).responses, { 1: ['b'], 2: ['c'], 3: ['a'] });
  await phone.page.reload();
  // Where somebody was is not the server's business; what somebody said is.
  await until(async () => (await phone.chosen()).join() === 'b', 'the first item as it was left');
  await phone.turnTo(3);
  assert.deepEqual(await phone.chosen(), ['a']);
}));

// It turns the clock by a day: behind all others.
test('L17: a one-time code opens once, for one person, for a day, and not after a newer one', scene.withPhone({}, async (phone) => {
  const [other, account] = scene.server.accounts.slice(4);
  const id = await whoIs(phone, account);
  const staff = await officer();
  const refused = async (idNumber, code) => {
    await phone.go('/sign-in');
    await types(phone, idNumber, code);
    await phone.sees('身份证号或密码不正确');
    await phone.page.reload();
  };
  const older = await staff.reset(id);
  const newer = await staff.reset(id);
  await refused(account.idNumber, older);
  await refused(other.idNumber, newer);
  await phone.go('/sign-in');
  await types(phone, account.idNumber, newer);
  await phone.sees('请先设置自己的密码');
  await phone.context.clearCookies();
  await phone.page.reload();
  await refused(account.idNumber, newer);
  const late = await staff.reset(id);
  await scene.server.turnClock(24 * 60 * MINUTE + 1_000);
  await refused(account.idNumber, late);
}));
