import { ref, watch } from 'vue';
import { keepSetting, setting } from '../settings';

export type Density = 'roomy' | 'dense';

/** How close rows stand. */
export const density = ref<Density>(setting('density') === 'dense' ? 'dense' : 'roomy');

watch(density, (now) => keepSetting('density', now));
