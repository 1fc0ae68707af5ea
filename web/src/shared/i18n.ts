import { ref, type Ref } from 'vue';

/** The languages of the product; the first is the one it is written in. */
export const LANGUAGES = ['zh-CN', 'en'] as const;
export type Language = (typeof LANGUAGES)[number];

/** Values for the places `{name}` of a text. */
export type Values = Record<string, string | number>;

/** A language's texts by key. */
export type Texts<Key extends string> = Record<Key, string>;

export interface Translator<Key extends string> {
  language: Ref<Language>;
  /** The text of `key` in the language in use, with its places filled. */
  t: (key: Key, values?: Values) => string;
  /** The text of `prefix` and `code`, or of `otherwise` where there is none for this code. */
  coded: (prefix: string, code: string, otherwise: Key, values?: Values) => string;
}

/** Makes the translator of an entry from its texts. */
export function translator<Key extends string>(texts: Record<Language, Texts<Key>>): Translator<Key> {
  const language = ref<Language>(LANGUAGES[0]);
  const t = (key: Key, values: Values = {}) => fill(texts[language.value][key], values);
  const coded = (prefix: string, code: string, otherwise: Key, values: Values = {}) => {
    const key = `${prefix}.${code}`;
    return key in texts[language.value] ? t(key as Key, values) : t(otherwise, { code, ...values });
  };
  return { language, t, coded };
}

function fill(text: string, values: Values): string {
  return text.replace(/\{(\w+)\}/g, (place, name: string) => (name in values ? String(values[name]) : place));
}
