/** Bars of a bell with a mean and a deviation between the least and the most that were found. */
export function bars(spread: { mean: number; deviation: number; least: number; most: number }, count = 12): { from: number; share: number }[] {
  const { mean, deviation, least, most } = spread;
  if (!(most > least) || !(deviation > 0)) return [{ from: mean, share: 1 }];
  const width = (most - least) / count;
  const heights = Array.from({ length: count }, (_, index) => {
    const middle = least + (index + 0.5) * width;
    return Math.exp(-((middle - mean) ** 2) / (2 * deviation ** 2));
  });
  const sum = heights.reduce((all, one) => all + one, 0);
  return heights.map((height, index) => ({ from: least + index * width, share: height / sum }));
}
