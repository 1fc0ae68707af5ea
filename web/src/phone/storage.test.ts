import 'fake-indexeddb/auto';
import { beforeEach, describe, expect, test, vi } from 'vitest';

/** A page of its own, with its own idea of what is open. */
async function page() {
  vi.resetModules();
  return import('./storage');
}

beforeEach(() => localStorage.clear());

describe('the vault', () => {
  test('keeps records over a reload', async () => {
    const first = await (await page()).vault();
    await first.write([{ key: 'pending/x/1', value: { n: 1 } }, { key: 'pending/y/1', value: 2 }]);
    const second = await (await page()).vault();
    expect(second.kept()).toBe('disk');
    expect(await second.readAll('pending/x/')).toEqual([{ n: 1 }]);
    await second.remove('pending/x/');
    expect(await second.keys('pending/')).toEqual(['pending/y/1']);
  });

  test('works from memory where the browser refuses, and says so', async () => {
    const open = vi.spyOn(indexedDB, 'open').mockImplementation(() => {
      throw new Error('refused');
    });
    const vault = await (await page()).vault();
    open.mockRestore();
    await vault.write([{ key: 'a', value: 1 }]);
    expect(vault.kept()).toBe('memory');
    expect(await vault.read('a')).toBe(1);
  });

  test('goes on from memory when the disk is full in the middle', async () => {
    const vault = await (await page()).vault();
    const put = vi.spyOn(IDBObjectStore.prototype, 'put').mockImplementation(() => {
      throw new DOMException('full', 'QuotaExceededError');
    });
    await vault.write([{ key: 'late', value: 7 }]);
    put.mockRestore();
    expect(vault.kept()).toBe('memory');
    expect(await vault.read('late')).toBe(7);
  });
});

describe('the device', () => {
  test('keeps its id over a reload', async () => {
    const id = (await page()).deviceId();
    expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect((await page()).deviceId()).toBe(id);
  });

  test('keeps it in the window where nothing else is kept', async () => {
    const get = vi.spyOn(Storage.prototype, 'getItem').mockImplementation(() => {
      throw new Error('refused');
    });
    const set = vi.spyOn(Storage.prototype, 'setItem').mockImplementation(() => {
      throw new Error('refused');
    });
    const id = (await page()).deviceId();
    expect((await page()).deviceId()).toBe(id);
    get.mockRestore();
    set.mockRestore();
    window.name = '';
  });
});
