import { beforeEach, expect, test, vi } from 'vitest';

const TOLD = { authority: '某省卫生健康委员会', support_lines: ['技术支持：000-0000'] };

/** A page of its own, on a server that answers so. */
async function page(answer: () => Promise<Response>) {
  vi.resetModules();
  vi.stubGlobal('fetch', vi.fn(answer));
  return import('./about');
}

const answers = () => Promise.resolve(new Response(JSON.stringify(TOLD)));
const unreachable = () => Promise.reject(new TypeError('no network'));

beforeEach(() => localStorage.clear());

test('what the server told is there without network, on the next page', async () => {
  const first = await page(answers);
  expect(first.about.value.support_lines).toEqual([]);
  first.askAbout();
  await vi.waitFor(() => expect(first.about.value).toEqual(TOLD));
  expect((await page(unreachable)).about.value).toEqual(TOLD);
});

test('a page asks once, and again only where nobody answered', async () => {
  const away = await page(unreachable);
  away.askAbout();
  away.askAbout();
  expect(fetch).toHaveBeenCalledTimes(1);
  await new Promise((resolve) => setTimeout(resolve));
  away.askAbout();
  expect(fetch).toHaveBeenCalledTimes(2);
});

test('what is no answer of ours is not shown', async () => {
  for (const kept of ['{', '{}', 'null']) {
    localStorage.setItem('exam.about', kept);
    expect((await page(unreachable)).about.value).toEqual({ authority: null, support_lines: [] });
  }
});
