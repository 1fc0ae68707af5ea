// What an audit of a screen finds.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';

const AXE = await readFile(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** Whatever moves on the screen has arrived: what is halfway in has colours of its own. */
export async function isStill(phone) {
  await phone.page.evaluate(async () => {
    const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
    const moves = (one) => one.playState === 'running' && one.effect.getTiming().iterations !== Infinity;
    for (let still = 0; still < 3; still++) {
      await frame(); // What has just been shown begins to move in one of the next frames.
      const moving = document.getAnimations().filter(moves);
      if (moving.length > 0) still = 0;
      await Promise.all(moving.map((one) => one.finished.catch(() => null)));
    }
  });
}

/** The audit finds nothing serious on the screen. */
export async function isSound(phone, name) {
  await isStill(phone);
  await phone.page.evaluate(AXE);
  const { violations } = await phone.page.evaluate(() => window.axe.run(document, { resultTypes: ['violations'] }));
  const found = violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map((node) => `${id}: ${node.html.slice(0, 160)} ${node.failureSummary.slice(0, 200)}`));
  assert.deepEqual(found, [], name);
}
