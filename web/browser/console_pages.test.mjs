// Every page of the desk in both languages, light and dark, wide and narrow: pictures, and what the audit says.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Desk, deskRoom } from './support/desk.mjs';
import { photographed, Sitter, WATCHED } from './support/sitters.mjs';
import { stage } from './support/stage.mjs';
import { publishWatchedExams } from './support/watched.mjs';

/** Somebody who is watched: the wall and the evidence have something to show. */
let sitter;
const scene = stage(async (server) => {
  await publishWatchedExams(server);
  sitter = await Sitter.sit(server, { account: server.accounts[0], exam: '抓拍测评甲' }, WATCHED);
  await photographed(sitter, 'curtain');
});
const { desks, at } = deskRoom(scene);

/** Pages by who opens them. */
const PAGES = {
  author: ['/banks', 'BANK', 'BANK/import', 'BANK/new', 'BANK/units/UNIT', 'BANK/units/UNIT/edit', '/exams', '/exams/new', 'EXAM'],
  operator: ['/approvals', 'IMPORT', '/candidates', '/candidates/import', '/live', '/results', '/members', '/audit'],
  invigilator: ['EXAM/time', 'WALL', 'ATTEMPT', '/reviews'],
};
const WIDE = { width: 1440, height: 900 };
const NARROW = { width: 1024, height: 768 };

/** What another light, width or language may change; the rest was audited before. */
const RULES = {
  dark: ['color-contrast'],
  narrow: ['scrollable-region-focusable', 'target-size'],
  en: ['button-name', 'link-name', 'label', 'select-name', 'image-alt', 'aria-command-name', 'aria-input-field-name', 'aria-toggle-field-name', 'html-lang-valid'],
};

/** Names that people gave, which no language changes. */
const GIVEN = /演示\S*|公共\S*|业务\S*|控制台\S*/g;

async function places(desk) {
  const bank = await desk.bankId('演示题库');
  const { exams } = await desk.ask('/exams', undefined, 'GET');
  const { units } = await desk.ask(`/banks/${bank}/units?limit=1`, undefined, 'GET');
  const { imports } = await desk.ask(`/banks/${bank}/imports`, undefined, 'GET');
  const watched = { WALL: `/wall?exam=${sitter.exam}`, ATTEMPT: `/attempts/${sitter.attempt}` };
  const addresses = { ...watched, IMPORT: `/approvals/${bank}/${imports[0].import_no}`, BANK: `/banks/${bank}`, UNIT: units[0].code, EXAM: `/exams/${exams[0].exam_id}` };
  return (path) => Object.entries(addresses).reduce((now, [name, address]) => now.replace(name, address), path);
}

/** What is against the page that is open, as it is shown now. */
async function looked(desk, path, as) {
  await desk.still();
  const findings = (await desk.audit(RULES[as])).map((found) => `${path} ${as} ${found}`);
  await desk.shoot(['page', ...path.match(/\w+/g), as].join('-'));
  const isWide = await desk.page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
  return isWide ? [...findings, `${path} ${as} is wider than the window`] : findings;
}

async function untranslated(desk, path) {
  const words = await desk.page.evaluate(() =>
    Array.from(document.querySelectorAll('nav .entry, h1 + .hint, th, button, label'), (one) => one.textContent).join(' '),
  );
  return /\p{Script=Han}/u.test(words.replace(GIVEN, '').replace('切换到中文', '')) ? [`${path} is untranslated: ${words}`] : [];
}

for (const [role, paths] of Object.entries(PAGES)) {
  test(`every page of the ${role} has nothing serious against it`, at(role, async (desk) => {
    await desk.signIn(`demo-${role}`);
    const where = await places(desks.author);
    const findings = [];
    for (const language of ['zh-CN', 'en']) {
      const other = await desk.again(scene.browser, { language, viewport: WIDE });
      for (const path of paths) {
        await other.go(where(path));
        await other.page.locator('main h1').filter({ visible: true }).waitFor();
        await other.settled();
        findings.push(...(await looked(other, path, language)));
        if (language === 'en') findings.push(...(await untranslated(other, path)));
        if (language === 'en') continue;
        await other.page.emulateMedia({ colorScheme: 'dark' });
        findings.push(...(await looked(other, path, 'dark')));
        await other.page.emulateMedia({ colorScheme: 'light' });
        await other.page.setViewportSize(NARROW);
        findings.push(...(await looked(other, path, 'narrow')));
        await other.page.setViewportSize(WIDE);
      }
      assert.deepEqual(other.troubles, []);
      await other.context.close();
    }
    assert.deepEqual(findings, []);
  }));
}

test('the page before the sign-in has nothing serious against it', async () => {
  const findings = [];
  for (const [as, options] of Object.entries({ 'zh-CN': {}, en: { language: 'en' }, dark: { colorScheme: 'dark' } })) {
    const front = await Desk.take(scene.browser, scene.network, scene.server, options);
    await front.go('/sign-in');
    await front.page.locator('input[name=code]').waitFor();
    findings.push(...(await looked(front, '/sign-in', as)));
    await front.context.close();
  }
  assert.deepEqual(findings, []);
});
