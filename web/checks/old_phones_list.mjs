// What Chrome 70 and Safari 13 do not have, as of the tables of MDN and caniuse. A name that is
// only used where it was found to exist stands in `GUARDED`, with its guard.

/** Syntax beyond ES2018 that both lack. `import()`, `import.meta` and `catch {}` they have. */
export const SYNTAX = {
  ChainExpression: 'optional chaining: Chrome 80, Safari 13.1',
  PropertyDefinition: 'class fields: Chrome 72, Safari 14',
  PrivateIdentifier: 'private names: Chrome 74, Safari 14.1',
  StaticBlock: 'static blocks: Chrome 94, Safari 16.4',
};

/** Operators that both lack. */
export const OPERATORS = {
  '??': 'Chrome 80, Safari 13.1',
  '??=': 'Chrome 85, Safari 14',
  '||=': 'Chrome 85, Safari 14',
  '&&=': 'Chrome 85, Safari 14',
};

/** Methods that are called by these names on anything. */
export const METHODS = {
  at: 'Chrome 92, Safari 15.4',
  replaceAll: 'Chrome 85, Safari 13.1',
  matchAll: 'Chrome 73, Safari 13',
  fromEntries: 'Chrome 73, Safari 12.1',
  allSettled: 'Chrome 76, Safari 13',
  hasOwn: 'Chrome 93, Safari 15.4',
  findLast: 'Chrome 97, Safari 15.4',
  findLastIndex: 'Chrome 97, Safari 15.4',
  toSorted: 'Chrome 110, Safari 16',
  toReversed: 'Chrome 110, Safari 16',
  toSpliced: 'Chrome 110, Safari 16',
  groupBy: 'Chrome 117, Safari 17.4',
  randomUUID: 'Chrome 92, Safari 15.4',
  replaceChildren: 'Chrome 86, Safari 14',
  checkVisibility: 'Chrome 105, Safari 17.4',
  showModal: 'Chrome 37, Safari 15.4',
  withResolvers: 'Chrome 119, Safari 17.4',
};

/** Globals. */
export const GLOBALS = {
  globalThis: 'Chrome 71, Safari 12.1',
  structuredClone: 'Chrome 98, Safari 15.4',
  queueMicrotask: 'Chrome 71, Safari 12.1',
  requestIdleCallback: 'Chrome 47, not in Safari',
  ResizeObserver: 'Chrome 64, Safari 13.1',
  BroadcastChannel: 'Chrome 54, Safari 15.4',
  WeakRef: 'Chrome 84, Safari 14.1',
  FinalizationRegistry: 'Chrome 84, Safari 14.1',
  AggregateError: 'Chrome 85, Safari 14',
  BigInt: 'Chrome 67, Safari 14',
  CompressionStream: 'Chrome 80, Safari 16.4',
};

/** Uses that ask first, in the libraries: the name, and source that has to stand around it. */
export const GUARDED = [
  { name: 'globalThis', guard: /typeof globalThis/, why: 'Vue falls back to self and window' },
  { name: 'toReversed', guard: /toReversed\(\)\{return/, why: 'Vue hands it through to arrays that have it' },
  { name: 'toSorted', guard: /toSorted\(\w\)\{return/, why: 'the same' },
  { name: 'toSpliced', guard: /toSpliced\(\.\.\.\w\)\{return/, why: 'the same' },
  { name: 'requestIdleCallback', guard: /cancelIdleCallback/, why: 'Vue looks for it, and only hydration uses it' },
];

/** Properties of styles. What merely does nothing there (overscroll-behavior) is not listed. */
export const PROPERTIES = {
  inset: 'Chrome 87, Safari 14.1',
  'inset-inline': 'Chrome 87, Safari 14.1',
  'inset-block': 'Chrome 87, Safari 14.1',
  'aspect-ratio': 'Chrome 88, Safari 15',
  'margin-inline': 'Chrome 87, Safari 14.1',
  'margin-block': 'Chrome 87, Safari 14.1',
  'padding-inline': 'Chrome 87, Safari 14.1',
  'padding-block': 'Chrome 87, Safari 14.1',
  'border-inline': 'Chrome 87, Safari 14.1',
  translate: 'Chrome 104, Safari 14.1',
  rotate: 'Chrome 104, Safari 14.1',
  scale: 'Chrome 104, Safari 14.1',
};

/** In a flex box both lack them (Chrome 84, Safari 14.1); in a grid they have `grid-gap`. */
export const GAPS = ['gap', 'row-gap', 'column-gap'];

/** Values and selectors, as source. */
export const VALUES = {
  'dvh, svh, lvh': /\d[dsl]v[hw]\b/,
  'min(), max(), clamp()': /(?:^|[\s,(])(?:min|max|clamp)\(/,
  'color-mix()': /color-mix\(/,
};
export const SELECTORS = {
  ':is(), :where(), :has()': /:(?:is|where|has)\(/,
  ':focus-visible': /:focus-visible/,
};
export const AT_RULES = ['layer', 'container', 'property', 'scope'];
