// What a file of tests needs: one server with its network, one browser, a phone for each test.
import { after, before } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Studio } from './clips.mjs';
import { Network } from './network.mjs';
import { Phone, startBrowser } from './phone.mjs';
import { Server } from './server.mjs';

/** The screen of the last test that failed, beside the other pictures. */
const FAILED = fileURLToPath(new URL('../shots/failed.png', import.meta.url));

/**
 * Sets the stage once for a file, `prepare` what the server needs besides its demo; phones that a
 * test took are put away after it.
 */
export function stage(prepare = () => null) {
  const stage = { server: null, studio: null, network: null, browser: null, others: [] };
  before(async () => {
    stage.server = await Server.start();
    await prepare(stage.server);
    stage.network = await Network.lay(stage.server);
    stage.browser = await startBrowser();
  });
  after(async () => {
    await stage.studio?.close();
    await stage.browser?.close();
    for (const network of [stage.network, ...stage.others]) await network?.close();
    await stage.server?.stop();
  });
  /** A test with a phone; the network is whole before and after it, and the page threw nothing. */
  stage.withPhone = (options, act) => async (t) => {
    stage.network.mend();
    stage.network.refusesSockets = false;
    const { clip, ...others } = options;
    const phone = await Phone.take(await stage.browserFor(clip), stage.network, others);
    try {
      await act(phone, t);
      const { troubles } = phone;
      if (troubles.length > 0) throw new Error(`the page threw: ${troubles.join('; ')}`);
    } catch (error) {
      await phone.page.screenshot({ path: FAILED }).catch(() => null);
      throw error;
    } finally {
      await phone.context.close();
      stage.network.mend();
    }
  };
  /** A browser whose camera shows `clip`; without one it has no camera. */
  stage.browserFor = async (clip) => {
    if (!clip) return stage.browser;
    stage.studio ??= await Studio.open();
    return stage.studio.browser(clip, stage.browser);
  };
  stage.anotherPhone = (options = {}, network = stage.network) => Phone.take(stage.browser, network, options);
  /** A way to the same server that is not cut with the first. */
  stage.anotherNetwork = async () => {
    const network = await Network.lay(stage.server);
    stage.others.push(network);
    return network;
  };
  return stage;
}

/** Waits until `holds` does; fails after 10 s with what was last seen. */
export async function until(holds, what = 'what was waited for') {
  const end = Date.now() + 10_000;
  let last;
  while (Date.now() < end) {
    last = await holds();
    if (last) return last;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`${what} did not come; last: ${JSON.stringify(last)}`);
}
