import { createApp } from 'vue';
import '../shared/styles/tokens.css';
import './styles/base.css';
import App from './App.vue';
import { keepPages } from './offline_pages';
import { fetchLaterPages, router } from './router';
import { vault } from './storage';
import { chosenLanguage } from './texts';

// Rings of focus are for those who move by keys; a finger shows where it is.
addEventListener('touchstart', () => document.documentElement.classList.add('by-touch'), { passive: true });
addEventListener('keydown', () => document.documentElement.classList.remove('by-touch'));

void vault(); // It opens while the first page is made.
void chosenLanguage().then(() => createApp(App).use(router).mount('#app'));

void router.isReady().then(fetchLaterPages).then(keepPages);
