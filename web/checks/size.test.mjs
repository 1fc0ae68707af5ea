// What has to come through a weak network before the exam stands on the screen.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { DIST, ENTRY, filesOf, manifest, page } from './phone_files.mjs';

const FIRST_LOAD_BYTES_MAX = 80 * 1024;

/** The page, and what its entry imports: without these nothing is shown. */
const AT_ONCE = ['index.html', ...filesOf(await manifest(), [ENTRY])];

test('the exam page needs at most 80 KB of page, scripts and styles, compressed', async () => {
  const sizes = await Promise.all(
    AT_ONCE.map(async (file) => ({ file, bytes: gzipSync(await readFile(DIST + file), { level: 9 }).length })),
  );
  sizes.sort((a, b) => b.bytes - a.bytes);
  const total = sizes.reduce((sum, { bytes }) => sum + bytes, 0);
  for (const { file, bytes } of sizes) console.log(`${(bytes / 1024).toFixed(1).padStart(6)} KB  ${file}`);
  console.log(`${(total / 1024).toFixed(1).padStart(6)} KB  first load of the exam`);
  assert.ok(total <= FIRST_LOAD_BYTES_MAX, `${total} bytes`);
});

test('the exam page needs two round trips: itself, then all else at once', async () => {
  const { html, styles } = await page();
  for (const file of AT_ONCE.slice(1)) assert.ok(html.includes(`"/${file}"`), `${file} is asked for late`);
  assert.ok(styles.length > 0 && !/rel="stylesheet"/.test(html), 'no style is waited for');
  const all = await manifest();
  const late = Object.values(all).filter((chunk) => chunk.isDynamicEntry).map((chunk) => chunk.src);
  assert.ok(!late.includes('src/phone/pages/Exam.vue'));
});

test('every script and style stands beside its compressed forms', async () => {
  for (const file of filesOf(await manifest(), [ENTRY], true)) {
    const plain = await readFile(DIST + file);
    if (plain.length < 200) continue;
    const gzip = await readFile(`${DIST}${file}.gz`);
    const brotli = await readFile(`${DIST}${file}.br`);
    assert.ok(gzip.length < plain.length && brotli.length < plain.length, file);
  }
});

test('no font is shipped: the icons are drawn', async () => {
  for (const file of filesOf(await manifest(), [ENTRY], true)) {
    const text = await readFile(DIST + file, 'utf8');
    assert.ok(!/@font-face|font\/woff/.test(text), file);
  }
});
