import { expect, test } from 'vitest';
import { addressOf, freeName, mediaOf, PICTURE_BYTES_MAX, readPicture } from './pictures';
import { fileOf, newUnit } from './unit';

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';
const bytes = (base64: string) => Uint8Array.from(atob(base64), (sign) => sign.charCodeAt(0));

test('a picture is taken by what it holds, not by its name', async () => {
  expect(await readPicture(new File([bytes(PNG)], 'a.txt'))).toEqual({ base64: PNG });
  expect(await readPicture(new File(['<svg/>'], 'a.png'))).toEqual({ refused: 'kind' });
  expect(await readPicture(new File([new Uint8Array(PICTURE_BYTES_MAX + 1)], 'a.png'))).toEqual({ refused: 'size' });
});

test('only pictures get an address', () => {
  expect(addressOf(PNG)).toBe(`data:image/png;base64,${PNG}`);
  expect([addressOf('PHN2Zy8+'), addressOf(undefined)]).toEqual([null, null]);
});

test('a new picture takes a name that is free', () => {
  expect(freeName({ 'p1.png': PNG, 'p2.jpg': '/9j/' }, PNG)).toBe('p2.png');
});

test('the file of a unit holds the pictures that it shows, and no others', () => {
  const unit = { ...newUnit('A3'), code: 'C-1', topic: '临床', stem: '病例', media: [{ picture: 'p1.png', words: '胸片' }] };
  unit.items![0]!.media = [{ picture: 'p2.png' }];
  expect(mediaOf(unit).map(({ picture }) => picture)).toEqual(['p1.png', 'p2.png']);
  const file = JSON.parse(fileOf(unit, { 'p1.png': PNG, 'p2.png': PNG, 'p3.png': PNG }));
  expect(Object.keys(file.pictures)).toEqual(['p1.png', 'p2.png']);
  expect(JSON.parse(fileOf(newUnit('A1'), {}))).not.toHaveProperty('pictures');
});
