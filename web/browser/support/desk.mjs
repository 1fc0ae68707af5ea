// A desk: a browser of its own for each member of staff, signed in through the page.
import assert from 'node:assert/strict';
import axe from 'axe-core';
import { mkdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { totp } from './staff.mjs';
import { WITHIN_MS } from './phone.mjs';

const SHOTS = fileURLToPath(new URL('../shots/', import.meta.url));

export class Desk {
  constructor(context, page, network, server) {
    this.context = context;
    this.page = page;
    this.network = network;
    this.server = server;
    this.troubles = [];
    page.on('pageerror', (error) => this.troubles.push(String(error)));
  }

  static async take(browser, network, server, options = {}) {
    const { language, ...others } = options;
    const context = await browser.newContext({
      viewport: { width: 1440, height: 900 },
      locale: 'zh-CN',
      timezoneId: 'Asia/Shanghai',
      ...others,
    });
    context.setDefaultTimeout(WITHIN_MS);
    if (language) await context.addInitScript((name) => localStorage.setItem('console.language', name), language);
    return new Desk(context, await context.newPage(), network, server);
  }

  /** The same sign-in in another browser: a code is good once, so a member signs in once. */
  async again(browser, options = {}) {
    const storageState = await this.context.storageState();
    return Desk.take(browser, this.network, this.server, { storageState, ...options });
  }

  async go(path = '/') {
    await this.page.goto(`${this.network.origin}/console#${path}`);
  }

  code(login) {
    const { secret } = this.server.staff.find((one) => one.login === login);
    return totp(secret, Date.now() + this.server.turnedMs);
  }

  async signIn(login) {
    const { password } = this.server.staff.find((one) => one.login === login);
    await this.go('/sign-in');
    await this.page.locator('input[name=login]').fill(login);
    await this.page.locator('input[name=password]').fill(password);
    await this.page.locator('input[name=code]').fill(this.code(login));
    await this.press('登录');
    await this.page.getByRole('navigation', { name: '主菜单' }).waitFor();
  }

  button(name) {
    return this.page.getByRole('button', { name, exact: true });
  }

  async press(name) {
    await this.button(name).click();
  }

  async sees(text) {
    await this.page.getByText(text).filter({ visible: true }).first().waitFor();
  }

  /** Says why in the dialog that asks, and does it. */
  async confirm(name, reason = '按计划') {
    const dialog = this.page.getByRole('dialog').filter({ visible: true }).last();
    await dialog.locator('textarea[name=reason]').fill(reason);
    await dialog.getByRole('button', { name, exact: true }).click();
    await this.page.locator('textarea[name=reason]').filter({ visible: true }).waitFor({ state: 'hidden' });
  }

  async chooseFile(name, content) {
    await this.page.locator('input[type=file]').setInputFiles({ name, mimeType: 'application/octet-stream', buffer: Buffer.from(content) });
  }

  /** Presses what downloads a file, and reads the file. */
  async downloaded(press) {
    const [download] = await Promise.all([this.page.waitForEvent('download'), press()]);
    return { name: download.suggestedFilename(), bytes: await readFile(await download.path()) };
  }

  async heading(name) {
    await this.page.getByRole('heading', { name, exact: true }).waitFor();
  }

  /** Waits until the page has asked for all it shows, and nothing turns any more. */
  async settled() {
    await this.page.waitForLoadState('networkidle');
    await this.still();
  }

  /** Waits until colours and places have changed over. */
  async still() {
    await this.page.evaluate(async () => {
      const ending = document.getAnimations().filter((one) => one.effect.getComputedTiming().iterations !== Infinity);
      await Promise.all(ending.map((one) => one.finished.catch(() => null)));
    });
  }

  async bankId(name) {
    const { banks } = await this.ask('/banks', undefined, 'GET');
    return banks.find((bank) => bank.name === name).bank_id;
  }

  async option(label, name) {
    await this.page.getByRole('combobox', { name: label, exact: true }).first().press('ArrowDown');
    await this.page.getByRole('option', { name, exact: true }).filter({ visible: true }).first().click();
    await this.page.keyboard.press('Escape');
  }

  async ask(path, body, method = 'POST') {
    const origin = this.network.origin;
    const answer = await this.context.request.fetch(`${origin}/api/v1/staff${path}`, { method, data: body, headers: { origin } });
    if (!answer.ok()) throw new Error(`${path} answered ${answer.status()}: ${await answer.text()}`);
    return answer.json();
  }

  /** What the accessibility audit finds serious or worse; by all its rules, or by some. */
  async audit(rules) {
    await this.still(); // Half faded in, colours are no colours.
    await this.page.evaluate(axe.source);
    const only = rules ? { runOnly: { type: 'rule', values: rules } } : {};
    const found = await this.page.evaluate((options) => window.axe.run(document, options), { resultTypes: ['violations'], ...only });
    return found.violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(({ id, nodes }) => `${id}: ${nodes.slice(0, 3).map((node) => node.html.slice(0, 160)).join(' | ')}`);
  }

  async shoot(name) {
    await mkdir(SHOTS, { recursive: true });
    await this.page.screenshot({ path: `${SHOTS}console-${name}.png`, animations: 'disabled' });
  }
}

/** The desks of a file's tests, by role: each is taken once and kept from test to test. */
export function deskRoom(scene) {
  const desks = {};
  /** A test at one of them; it fails with what the page threw, and leaves a picture. */
  const at = (role, act) => async () => {
    desks[role] ??= await Desk.take(scene.browser, scene.network, scene.server);
    const desk = desks[role];
    try {
      await act(desk);
      assert.deepEqual(desk.troubles, []);
    } catch (error) {
      await desk.shoot('failed').catch(() => null);
      throw error;
    }
  };
  return { desks, at };
}
