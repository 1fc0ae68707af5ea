// A candidate's phone: Debian's Chromium, sized and touched like one, and what a thumb does on it.
import { access, mkdir } from 'node:fs/promises';
import { setPriority } from 'node:os';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { isStill } from './audit.mjs';

/** As root in a closed network. */
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

const BROWSERS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];

const SHOTS = fileURLToPath(new URL('../shots/', import.meta.url));

/** No test waits longer than this for anything. */
export const WITHIN_MS = 10_000;

const WECHAT =
  'Mozilla/5.0 (Linux; Android 9; ONEPLUS A6000) AppleWebKit/537.36 (KHTML, like Gecko) Version/4.0 Chrome/86.0 Mobile Safari/537.36 MicroMessenger/8.0.16';

/**
 * In the world a phone takes nothing from the server's processor. Here both share one, where the
 * hashing of passwords, which is last in line there, would wait for every browser.
 */
const NICENESS = 15;

/** `flags` are added to those that every browser has. A server that shall be prompt is started before. */
export async function startBrowser(flags = []) {
  setPriority(NICENESS);
  const named = process.env.WEB_TEST_BROWSER;
  let executablePath = named;
  for (const path of named ? [] : BROWSERS) {
    if (!executablePath && (await access(path).then(() => true, () => false))) executablePath = path;
  }
  return chromium.launch({ executablePath, args: [...FLAGS, ...flags] });
}

export class Phone {
  constructor(context, page, network) {
    this.context = context;
    this.page = page;
    this.network = network;
    this.troubles = [];
    page.on('pageerror', (error) => this.troubles.push(String(error)));
  }

  /** A phone of its own, with nothing stored on it. */
  static async take(browser, network, options = {}) {
    const { width = 360, height = 640, before, ...others } = options;
    const context = await browser.newContext({
      viewport: { width, height },
      isMobile: true,
      hasTouch: true,
      userAgent: WECHAT,
      locale: 'zh-CN',
      timezoneId: 'Asia/Shanghai',
      ...others,
    });
    context.setDefaultTimeout(WITHIN_MS);
    if (before) await context.addInitScript(before);
    return new Phone(context, await context.newPage(), network);
  }

  /** Another page of the same browser. */
  async anotherTab() {
    return new Phone(this.context, await this.context.newPage(), this.network);
  }

  async go(path = '/') {
    await this.page.goto(`${this.network.origin}/#${path}`);
  }

  button(name) {
    return this.page.getByRole('button', { name, exact: true });
  }

  async tap(name) {
    await this.button(name).tap();
  }

  async sees(text) {
    await this.page.getByText(text).first().waitFor();
  }

  async signIn(account) {
    await this.go('/sign-in');
    await this.signsIn(account);
  }

  /** On the page for it. */
  async signsIn({ idNumber, password }) {
    await this.page.locator('input[name=id_number]').fill(idNumber);
    await this.page.locator('input[name=password]').fill(password);
    await this.tap('登录');
    await this.sees('您好');
  }

  /** From the list of exams to where `exam` is started. */
  async readies(exam) {
    await this.go('/exams');
    await this.page.locator('.card', { hasText: exam }).getByRole('button', { name: /进入测评|再次测评/ }).tap();
    await this.page.getByText('我已阅读并同意遵守上述规定').tap();
    await this.tap('去考试');
    await this.sees('可以参加考试');
  }

  /** From the list of exams to the first item of `exam`. */
  async enter(exam) {
    await this.readies(exam);
    await this.tap('开始考试');
    await this.isSitting();
    await this.saved();
  }

  /** Asks the server beside the page, as whoever is signed in on this phone. */
  async ask(path, data) {
    const { origin } = this.network;
    const method = data ? 'POST' : 'GET';
    const answer = await this.context.request.fetch(`${origin}/api/v1${path}`, { method, data, headers: { origin } });
    if (!answer.ok()) throw new Error(`${path} answered ${answer.status()}: ${await answer.text()}`);
    return answer.json();
  }

  /** Signs in and sits down, page by page: a back gesture has somewhere to go. */
  async walkIn({ account, exam }) {
    await this.signIn(account);
    await this.enter(exam);
  }

  /** Signs in and sits down beside the page: the way there has tests of its own. `more` goes with the start. */
  async sit({ account: { idNumber, password }, exam }, more = {}) {
    await this.ask('/sign-in', { id_number: idNumber, password });
    const { exams } = await this.ask('/exams');
    const { exam_id: id } = exams.find(({ title }) => title.includes(exam));
    const { version } = await this.ask(`/exams/${id}/notice`);
    const { attempt_id: attempt } = await this.ask(`/exams/${id}/attempts`, { notice_version: version, accepted: true, consents: {}, ...more });
    await this.go(`/attempts/${attempt}`);
    await this.isSitting();
    await this.saved();
  }

  async isSitting() {
    await this.page.locator('.item .options label').first().waitFor();
  }

  /** Taps the option at `place` of the item on the screen. */
  async choose(place) {
    await this.page.locator('.item .options label').nth(place).tap();
  }

  async turnTo(place) {
    await this.tap('答题卡');
    await this.page.locator('.cell').nth(place - 1).tap();
    await this.page.locator('.place', { hasText: `${place} / ` }).waitFor();
    await this.page.locator('.card-sheet').waitFor({ state: 'hidden' });
  }

  async closeCard() {
    await this.page.locator('.card-sheet .close').tap();
    await this.page.locator('.card-sheet').waitFor({ state: 'hidden' });
  }

  async chosen() {
    return this.page.locator('.item .options input:checked').evaluateAll((inputs) => inputs.map((input) => input.value));
  }

  async place() {
    const text = await this.page.locator('.place').innerText();
    return Number(text.split('/')[0]);
  }

  async saved() {
    await this.page.locator('.saving.saved').waitFor();
  }

  async offline(count) {
    await this.page.locator('.saving.offline', { hasText: count === undefined ? '离线' : `离线 · ${count} 题未同步` }).waitFor();
  }

  /** Milliseconds on the countdown. */
  async timeLeft() {
    const text = await this.page.locator('.time').innerText();
    const parts = text.trim().split(':').map(Number);
    return parts.reduce((all, part) => all * 60 + part, 0) * 1000;
  }

  /** A picture to be looked at. */
  async shoot(name) {
    await mkdir(SHOTS, { recursive: true });
    await isStill(this);
    await this.page.screenshot({ path: `${SHOTS}${name}.png` });
  }

  attemptId() {
    return /attempts\/([^/?]+)/.exec(this.page.url())[1];
  }

  /** What the server has of the attempt, asked with this phone's own sign-in. */
  async onServer() {
    return this.ask(`/attempts/${this.attemptId()}`);
  }

  async handIn() {
    await this.tap('交卷');
    await this.tap('现在交卷');
  }

  /** Turns the page's own clock. */
  async turnClock(ms) {
    await this.page.evaluate((forward) => window.examClock.forward(forward), ms);
  }
}
