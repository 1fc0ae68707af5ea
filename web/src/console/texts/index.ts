import { watch } from 'vue';
import { translator, type Language, type Texts } from '../../shared/i18n';
import { keepSetting, setting } from '../settings';
import { zhCN, type TextKey } from './zh-CN';

export type { TextKey };

const texts = translator<TextKey>(zhCN as Texts<TextKey>, { en: () => import('./en').then(({ en }) => en) });
export const { language, t, coded } = texts;

/** What the server says of a file, in the language that is shown. */
export const said = (problem: { message: string; english: string }): string =>
  language.value === 'en' && problem.english !== '' ? problem.english : problem.message;

watch(
  language,
  (now: Language) => {
    document.documentElement.lang = now;
    document.title = t('app.title');
  },
  { immediate: true },
);

/** The language that was chosen in this browser, before anything is shown. */
export async function chosenLanguage(): Promise<void> {
  if (setting('language') === 'en') await texts.change('en').catch(() => undefined);
}

export async function changeLanguage(): Promise<void> {
  await texts.change(language.value === 'en' ? 'zh-CN' : 'en').catch(() => undefined);
  keepSetting('language', language.value);
}
