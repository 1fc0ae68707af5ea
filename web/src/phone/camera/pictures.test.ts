import { describe, expect, test } from 'vitest';
import { lightOf } from './light';
import { BYTES_MAX, QUALITIES, smallEnough } from './quality';
import { middle, whole } from './shape';

/** A frame of one shade, with another one in its middle. */
function frame(rim: number, middle: number): Uint8ClampedArray {
  const [width, height] = [24, 32];
  const pixels = new Uint8ClampedArray(4 * width * height).fill(255);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const inside = x > 6 && x < 18 && y > 6 && y < 26;
      pixels.fill(inside ? middle : rim, 4 * (y * width + x), 4 * (y * width + x) + 3);
    }
  }
  return pixels;
}

describe('the shape', () => {
  test('a landscape frame gives its middle, and is not enlarged', () => {
    expect(middle(640, 480)).toEqual({ x: 140, y: 0, width: 360, height: 480, drawnWidth: 360, drawnHeight: 480 });
  });

  test('a portrait frame is taken whole, a large one is made smaller', () => {
    expect(middle(480, 640)).toMatchObject({ x: 0, y: 0, width: 480, height: 640, drawnWidth: 480 });
    expect(middle(1080, 1920)).toMatchObject({ y: 240, width: 1080, height: 1440, drawnWidth: 480, drawnHeight: 640 });
  });

  test('of a file all is kept', () => {
    expect(whole(4000, 3000)).toMatchObject({ width: 4000, height: 3000, drawnWidth: 480, drawnHeight: 360 });
  });
});

describe('the quality', () => {
  const encoder = (sizes: number[]) => async (quality: number) => ({ size: sizes[QUALITIES.indexOf(quality)]!, quality });

  test('goes down until the picture is small enough, and no further', async () => {
    expect(await smallEnough(encoder([90, 60, 39, 20, 10].map((kb) => kb * 1024)))).toMatchObject({ quality: 0.5 });
    expect(await smallEnough(encoder([BYTES_MAX, 1, 1, 1, 1]))).toMatchObject({ quality: 0.8 });
  });

  test('where nothing is small enough the smallest is sent, and null only where nothing is encoded', async () => {
    expect(await smallEnough(encoder([90, 80, 70, 60, 50].map((kb) => kb * 1024)))).toMatchObject({ quality: 0.2 });
    expect(await smallEnough(async () => null)).toBeNull();
  });
});

describe('the light', () => {
  test('is fine in a room as rooms are', () => {
    expect(lightOf(frame(120, 130), 24)).toBe('fine');
    expect(lightOf(frame(70, 90), 24)).toBe('fine');
  });

  test('is dark before the server would say so', () => {
    expect(lightOf(frame(40, 45), 24)).toBe('dark');
  });

  test('comes from behind where the middle is an outline', () => {
    expect(lightOf(frame(230, 60), 24)).toBe('backlit');
    expect(lightOf(frame(235, 170), 24)).toBe('fine');
  });

  test('is too bright where much is white', () => {
    expect(lightOf(frame(254, 200), 24)).toBe('bright');
    expect(lightOf([], 24)).toBe('fine');
  });
});
