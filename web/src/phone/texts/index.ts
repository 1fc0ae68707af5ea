import { watch } from 'vue';
import { translator, type Language, type Texts } from '../../shared/i18n';
import { keepSetting, setting } from '../storage';
import { en } from './en';
import { zhCN, type TextKey } from './zh-CN';

export type { TextKey };

export const { language, t, coded } = translator<TextKey>({ 'zh-CN': zhCN as Texts<TextKey>, en });

if (setting('language') === 'en') language.value = 'en';

watch(
  language,
  (now: Language) => {
    document.documentElement.lang = now;
    document.title = t('app.title');
  },
  { immediate: true },
);

export function changeLanguage(): void {
  language.value = language.value === 'en' ? 'zh-CN' : 'en';
  keepSetting('language', language.value);
}
