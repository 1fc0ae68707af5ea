/** What two texts have different, character by character. */

export interface Part {
  text: string;
  /** Whether the other text has it as well. */
  same: boolean;
}

/** The most pairs of characters that are compared: more than two stems of an exam have, and done at once. */
const PAIRS_MAX = 4_000_000;

/** The parts of both texts, in order. */
export function textDiff(a: string, b: string): { first: Part[]; second: Part[] } {
  const [from, to] = [[...a], [...b]];
  let start = 0;
  while (start < from.length && start < to.length && from[start] === to[start]) start++;
  let end = 0;
  while (end < from.length - start && end < to.length - start && from[from.length - 1 - end] === to[to.length - 1 - end]) end++;
  const [middleA, middleB] = [from.slice(start, from.length - end), to.slice(start, to.length - end)];
  const kept = common(middleA, middleB);
  const whole = (middle: string[], isKept: boolean[]) => {
    const signs = [...from.slice(0, start), ...middle, ...from.slice(from.length - end)];
    return joined(signs, (at) => at < start || at >= start + middle.length || isKept[at - start] === true);
  };
  return { first: whole(middleA, kept.first), second: whole(middleB, kept.second) };
}

/** Which characters belong to the longest common subsequence. */
function common(a: string[], b: string[]): { first: boolean[]; second: boolean[] } {
  const [first, second] = [a.map(() => false), b.map(() => false)];
  if (a.length * b.length > PAIRS_MAX) return { first, second };
  const width = b.length + 1;
  // How long it is from each pair of places on.
  const lengths = new Uint16Array((a.length + 1) * width);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        a[i] === b[j] ? lengths[(i + 1) * width + j + 1]! + 1 : Math.max(lengths[(i + 1) * width + j]!, lengths[i * width + j + 1]!);
    }
  }
  for (let i = 0, j = 0; i < a.length && j < b.length; ) {
    if (a[i] === b[j]) first[i++] = second[j++] = true;
    else if (lengths[(i + 1) * width + j]! >= lengths[i * width + j + 1]!) i++;
    else j++;
  }
  return { first, second };
}

function joined(signs: string[], isSame: (at: number) => boolean): Part[] {
  const parts: Part[] = [];
  signs.forEach((sign, at) => {
    const same = isSame(at);
    const last = parts[parts.length - 1];
    if (last && last.same === same) last.text += sign;
    else parts.push({ text: sign, same });
  });
  return parts;
}
