/** What browsers of 2018 lack, which the build targets. */
export function fromPairs<T>(pairs: Iterable<readonly [string, T]>): Record<string, T> {
  const object: Record<string, T> = {};
  for (const [name, value] of pairs) object[name] = value;
  return object;
}

export function flat<T>(lists: readonly (readonly T[])[]): T[] {
  return lists.reduce<T[]>((all, list) => [...all, ...list], []);
}
