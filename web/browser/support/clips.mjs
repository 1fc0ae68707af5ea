// What a fake camera shows: clips made from portraits in the public domain, in the browser itself.
// Chromium plays a file of JPEGs, one behind the other, again and again.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startBrowser } from './phone.mjs';

/** See the NOTICE beside them. */
const PICTURES = fileURLToPath(new URL('../../../proctor/tests/pictures/', import.meta.url));

/** So many that two photographs hardly ever show the same one: a frame that comes again is a finding. */
const FRAMES = 150;

/** How each clip is composed: who is in it, how bright it is, and whether anything moves. */
const CLIPS = {
  face: { pictures: ['collins'], frames: FRAMES },
  faces: { pictures: ['collins', 'obama_2'], frames: FRAMES },
  empty: { pictures: ['curtain'], frames: FRAMES },
  dark: { pictures: ['collins'], light: 0.05, frames: FRAMES },
  frozen: { pictures: ['collins'], frames: 1 },
};

/** A portrait as a phone's camera app hands it over. */
export const portrait = () => readFile(`${PICTURES}obama_2.jpg`);

/** Makes the clips and launches browsers whose camera shows them; `close` puts all of it away. */
export class Studio {
  constructor(folder) {
    this.folder = folder;
    this.browsers = new Map();
  }

  static async open() {
    return new Studio(await mkdtemp(join(tmpdir(), 'exam-clips-')));
  }

  /** A browser whose camera shows the clip `name`; made by `maker`, any other browser. */
  async browser(name, maker) {
    if (!this.browsers.has(name)) {
      const file = join(this.folder, `${name}.mjpeg`);
      await writeFile(file, await clip(maker, CLIPS[name]));
      const flags = ['--use-fake-device-for-media-stream', `--use-file-for-fake-video-capture=${file}`];
      this.browsers.set(name, await startBrowser(flags));
    }
    return this.browsers.get(name);
  }

  async close() {
    for (const browser of this.browsers.values()) await browser.close();
    await rm(this.folder, { recursive: true, force: true });
  }
}

async function clip(browser, { pictures, light = 1, frames }) {
  const page = await browser.newPage();
  const read = async (name) => `data:image/jpeg;base64,${(await readFile(`${PICTURES}${name}.jpg`)).toString('base64')}`;
  const addresses = await Promise.all(pictures.map(read));
  const jpegs = await page.evaluate(compose, { addresses, light, frames });
  await page.close();
  return Buffer.concat(jpegs.map((jpeg) => Buffer.from(jpeg, 'base64')));
}

/** Runs in the page: people side by side, each frame a little moved, as somebody who does not sit still. */
async function compose({ addresses, light, frames }) {
  const images = [];
  for (const src of addresses) {
    const image = new Image();
    image.src = src;
    await image.decode();
    images.push(image);
  }
  const canvas = document.createElement('canvas');
  canvas.width = 640;
  canvas.height = 480;
  const context = canvas.getContext('2d');
  const found = [];
  for (let frame = 0; frame < frames; frame++) {
    context.fillStyle = '#56606b';
    context.fillRect(0, 0, 640, 480);
    // No two frames are alike, and neighbours least: places by the golden ratio in two directions.
    const [across, down] = [(frame * 0.7548777) % 1, (frame * 0.5698403) % 1];
    const [x, y, grown] = [64 * (across - 0.5), 48 * (down - 0.5), 1.04 + 0.1 * ((frame * 0.618034) % 1)];
    // Within the upright middle, which is what a photograph shows.
    const room = 360 / images.length;
    images.forEach((image, place) => {
      const width = room * grown;
      const height = (width * 4) / 3;
      const left = 140 + room * (place + 0.5) - width / 2 + x / images.length;
      context.drawImage(image, left, (480 - height) / 2 + y, width, height);
    });
    context.fillStyle = `rgba(0, 0, 0, ${1 - light})`;
    context.fillRect(0, 0, 640, 480);
    found.push(canvas.toDataURL('image/jpeg', 0.8).split(',')[1]);
  }
  return found;
}
