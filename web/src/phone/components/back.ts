/** What a back gesture closes before it leaves the page: the newest of what lies over it. */

const over: (() => void)[] = [];

/** A back gesture calls `close` from now on, until the answer is called. */
export function closesOnBack(close: () => void): () => void {
  over.push(close);
  return () => {
    const place = over.lastIndexOf(close);
    if (place >= 0) over.splice(place, 1);
  };
}

/** Closes the newest; false where nothing lies over the page. */
export function closeNewest(): boolean {
  const newest = over[over.length - 1];
  if (newest) newest();
  return newest !== undefined;
}
