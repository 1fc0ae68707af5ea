import { ref, shallowReactive, type Ref } from 'vue';

/** The languages of the product; the first is the one it is written in. */
export const LANGUAGES = ['zh-CN', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Values for the places `{name}` of a text. */
export type Values = Record<string, string | number>;

/** A language's texts by key. */
export type Texts<Key extends string> = Record<Key, string>;

export interface Translator<Key extends string> {
  language: Readonly<Ref<Language>>;
  /** Changes the language once its texts are here; stays as it was where they cannot be had. */
  change: (to: Language) => Promise<void>;
  /** The text of `key` in the language in use, with its places filled. */
  t: (key: Key, values?: Values) => string;
  /** The text of `prefix` and `code`, or of `otherwise` where there is none for this code. */
  coded: (prefix: string, code: string, otherwise: Key, values?: Values) => string;
}

/** Makes the translator of an entry: one language at hand, the others fetched when asked for. */
export function translator<Key extends string>(
  first: Texts<Key>,
  others: Record<Exclude<Language, 'zh-CN'>, () => Promise<Texts<Key>>>,
): Translator<Key> {
  const language = ref<Language>(LANGUAGES[0]);
  const texts = shallowReactive<Partial<Record<Language, Texts<Key>>>>({ 'zh-CN': first });
  const inUse = () => texts[language.value] || first;
  const t = (key: Key, values: Values = {}) => fill(inUse()[key], values);
  const coded = (prefix: string, code: string, otherwise: Key, values: Values = {}) => {
    const key = `${prefix}.${code}`;
    return key in first ? t(key as Key, values) : t(otherwise, { code, ...values });
  };
  const change = async (to: Language) => {
    if (to !== 'zh-CN' && !texts[to]) texts[to] = await others[to]();
    language.value = to;
  };
  return { language, change, t, coded };
}

function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (place, name: string) => (name in values ? String(values[name]) : place));
}
