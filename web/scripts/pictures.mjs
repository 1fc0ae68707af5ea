// Lays screens that the browser tests took side by side, for the README: docs/pictures/*.webp.
// Run it after the browser tests: node scripts/pictures.mjs
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { startBrowser } from '../browser/support/phone.mjs';

const SHOTS = fileURLToPath(new URL('../browser/shots/', import.meta.url));
const PICTURES = fileURLToPath(new URL('../../docs/pictures/', import.meta.url));

/** Each sheet with the width of a screen on it, in pixels, and how many stand in a row. */
const SHEETS = [
  {
    name: 'phone',
    width: 240,
    each: 5,
    screens: [
      '01-sign-in',
      '05-exams',
      '06-notice',
      '07-check',
      '09-exam-chosen',
      '10-case',
      '18-offline',
      '19-answer-card',
      '20-hand-in-offline',
      'second-3-01-result',
    ].map((screen) => `light-360-${screen}`),
  },
  { name: 'console', width: 640, each: 2, screens: ['console-mend', 'console-mended', 'console-unit', 'console-EXAM-zh-CN-1440'] },
];

const browser = await startBrowser();
await mkdir(PICTURES, { recursive: true });
for (const { name, width, each, screens } of SHEETS) {
  const page = await browser.newPage({ viewport: { width: (width + 16) * each + 16, height: 400 } });
  const images = await Promise.all(
    screens.map(async (screen) => {
      const data = (await readFile(`${SHOTS}${screen}.png`)).toString('base64');
      return `<img src="data:image/png;base64,${data}">`;
    }),
  );
  const style = `body { margin: 0; padding: 16px; display: grid; grid-template-columns: repeat(${each}, ${width}px); gap: 16px; background: #e4e7ec } img { width: ${width}px; border-radius: 8px }`;
  await page.setContent(`<style>${style}</style><body>${images.join('')}</body>`);
  // A browser writes WebP from a canvas only; a picture of the page goes through one.
  const png = (await page.screenshot({ fullPage: true })).toString('base64');
  const webp = await page.evaluate(async (data) => {
    const image = new Image();
    image.src = `data:image/png;base64,${data}`;
    await image.decode();
    const canvas = document.createElement('canvas');
    [canvas.width, canvas.height] = [image.width, image.height];
    canvas.getContext('2d').drawImage(image, 0, 0);
    return canvas.toDataURL('image/webp', 0.85).split(',')[1];
  }, png);
  await writeFile(`${PICTURES}${name}.webp`, Buffer.from(webp, 'base64'));
  await page.close();
}
await browser.close();
