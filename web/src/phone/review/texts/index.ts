/** The texts of photographs and decisions. They come apart, in both languages: the exam does not wait for them. */
import { watch } from 'vue';
import { translator } from '../../../shared/i18n';
import { language } from '../../texts';
import { en } from './en';
import { zhCN, type ReviewKey } from './zh-CN';

export type { ReviewKey };

const texts = translator<ReviewKey>(zhCN, { en: () => Promise.resolve(en) });
export const { t, coded } = texts;

watch(language, (now) => void texts.change(now), { immediate: true });
