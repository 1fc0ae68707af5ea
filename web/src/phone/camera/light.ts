/** What the light of a frame is like, told from a small copy of it. No face is looked for. */

export type Light = 'fine' | 'dark' | 'bright' | 'backlit';

/** The server calls a photograph dark below 30 of 255; advice comes while there is room to that. */
const DARK_BELOW = 55;

/** So white that nothing is to be seen in it. */
const WHITE_FROM = 245;

/** More of the frame than this being white is a lamp, a window or the sun in the lens. */
const WHITE_SHARE_MAX = 0.35;

/** How much brighter than the middle the rim may be before the face is only an outline. */
const BACKLIT_BY = 60;

/** A middle as bright as this shows a face, whatever is behind it. */
const LIT_FROM = 110;

/** Judges pixels of RGBA, `width` to a row; the middle is where the face should be. */
export function lightOf(pixels: ArrayLike<number>, width: number): Light {
  const height = Math.floor(pixels.length / 4 / width);
  let [middle, middleCount, rim, rimCount, white] = [0, 0, 0, 0, 0];
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const at = 4 * (y * width + x);
      const shade = 0.299 * pixels[at]! + 0.587 * pixels[at + 1]! + 0.114 * pixels[at + 2]!;
      if (shade >= WHITE_FROM) white += 1;
      if (inMiddle(x / width, y / height)) {
        middle += shade;
        middleCount += 1;
      } else {
        rim += shade;
        rimCount += 1;
      }
    }
  }
  const count = middleCount + rimCount;
  if (count === 0) return 'fine';
  const [inside, outside] = [middle / Math.max(1, middleCount), rim / Math.max(1, rimCount)];
  if (outside - inside > BACKLIT_BY && inside < LIT_FROM) return 'backlit';
  if ((middle + rim) / count < DARK_BELOW) return 'dark';
  return white / count > WHITE_SHARE_MAX ? 'bright' : 'fine';
}

function inMiddle(x: number, y: number): boolean {
  return x > 0.25 && x < 0.75 && y > 0.2 && y < 0.8;
}
