import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Failure } from './access';
import type { Camera } from './camera';
import { Keeper, type Keeping } from './keeper';

/** A camera of which the test decides what the next tries find. */
class FakeCamera {
  heard: (live: boolean) => void = () => undefined;
  finds: Failure | null = null;
  opened = 0;
  live = true;
  isLive = () => this.live;
  seen = () => undefined;
  stop = () => undefined;
  /** What the browser answers to a question that it has not answered yet. */
  answer: ((found: Failure | null) => void) | null = null;
  hangs = false;

  async open(): Promise<Failure | null> {
    this.opened += 1;
    const found = this.hangs ? await new Promise<Failure | null>((resolve) => (this.answer = resolve)) : this.finds;
    this.live = found === null;
    return found;
  }

  letGo(): void {
    this.live = false;
  }

  lose(finds: Failure | null): void {
    this.finds = finds;
    this.live = false;
    this.heard(false);
  }
}

let camera: FakeCamera;
let keeper: Keeper;
let told: Keeping[];

beforeEach(async () => {
  vi.useFakeTimers();
  camera = new FakeCamera();
  told = [];
  keeper = new Keeper(camera as unknown as Camera, (keeping) => told.push(keeping));
  await keeper.begin();
});

afterEach(() => {
  keeper.stop();
  vi.useRealTimers();
});

test('a camera that is lost comes back by itself', async () => {
  camera.lose(null);
  expect(told).toEqual(['live', 'returning']);
  await vi.advanceTimersByTimeAsync(2_000);
  expect(told).toEqual(['live', 'returning', 'live']);
});

test('one that is busy is tried again, less and less often', async () => {
  camera.lose('busy');
  await vi.advanceTimersByTimeAsync(10 * 60_000);
  expect(told[2]).toBe('lost');
  expect(camera.opened).toBeGreaterThan(10);
  expect(camera.opened).toBeLessThan(60);
  camera.finds = null;
  await vi.advanceTimersByTimeAsync(45_000);
  expect(told[told.length - 1]).toBe('live');
});

test('what was refused is asked for again by a tap only', async () => {
  camera.lose('denied');
  await vi.advanceTimersByTimeAsync(10 * 60_000);
  expect(camera.opened).toBe(1);
  document.dispatchEvent(new Event('visibilitychange'));
  expect(camera.opened).toBe(1);
  camera.finds = null;
  expect(await keeper.byTap()).toBeNull();
  expect(told[told.length - 1]).toBe('live');
});

test('it is tried at once when the page is seen again', async () => {
  camera.lose('busy');
  await vi.advanceTimersByTimeAsync(3_000);
  camera.finds = null;
  document.dispatchEvent(new Event('visibilitychange'));
  await vi.advanceTimersByTimeAsync(0);
  expect(told[told.length - 1]).toBe('live');
});

test('after the end nothing is tried', async () => {
  camera.lose('busy');
  keeper.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(camera.opened).toBe(0);
});

test('a tap that the browser does not answer is over after a while, and counts if it is answered then', async () => {
  camera.lose('denied');
  await vi.advanceTimersByTimeAsync(2_000);
  camera.hangs = true;
  const tap = keeper.byTap();
  await vi.advanceTimersByTimeAsync(15_000);
  expect(await tap).toBe('other');
  expect(told[told.length - 1]).toBe('lost');
  camera.answer!(null);
  await vi.advanceTimersByTimeAsync(0);
  expect(told[told.length - 1]).toBe('live');
});

test('a camera that rests is let go without a word, and is back when it begins again', async () => {
  keeper.rest();
  await vi.advanceTimersByTimeAsync(120_000);
  expect([camera.live, camera.opened, told]).toEqual([false, 0, ['live']]);
  await keeper.begin();
  expect([camera.live, camera.opened, told]).toEqual([true, 1, ['live', 'live']]);
});
