import { createApp } from 'vue';
import App from './App.vue';
import { look } from './account';
import { kit } from './kit';
import { router } from './router';
import { chosenLanguage } from './texts';
import './styles/console.css';

async function start() {
  // Who is signed in, and in which language, before anything is shown: pages do not flicker.
  await Promise.all([chosenLanguage(), look().catch(() => undefined)]);
  createApp(App).use(kit).use(router).mount('#app');
}

void start();
