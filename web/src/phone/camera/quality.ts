/** How much a photograph is compressed: no more than it has to be. */

/** What a photograph may cost a weak network: a second at 400 kbit/s. */
export const BYTES_MAX = 40 * 1024;

/** From what looks like the original to what still shows a face. */
export const QUALITIES = [0.8, 0.65, 0.5, 0.35, 0.2];

/**
 * The first of the qualities that is small enough; where none is, the smallest. Null where nothing
 * could be encoded.
 */
export async function smallEnough<Picture extends { size: number }>(
  encode: (quality: number) => Promise<Picture | null>,
): Promise<Picture | null> {
  let smallest: Picture | null = null;
  for (const quality of QUALITIES) {
    const picture = await encode(quality);
    if (picture && (!smallest || picture.size < smallest.size)) smallest = picture;
    if (picture && picture.size <= BYTES_MAX) break;
  }
  return smallest;
}
