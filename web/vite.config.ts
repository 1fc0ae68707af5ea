import { fileURLToPath } from 'node:url';
import vue from '@vitejs/plugin-vue';
import { defineConfig } from 'vitest/config';
import { firstLoad } from './build/first-load.ts';
import { offlinePages } from './build/offline-pages.ts';
import { ownIcons } from './build/own-icons.ts';
import { precompress } from './build/precompress.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

// Where the real server listens while the pages are worked on.
const server = process.env['EXAM_WEB_SERVER'] ?? 'http://127.0.0.1:8080';

export default defineConfig({
  plugins: [vue(), ownIcons(), firstLoad(), offlinePages(), precompress()],
  define: {
    __VUE_OPTIONS_API__: false,
    __VUE_PROD_DEVTOOLS__: false,
    __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: false,
  },
  build: {
    // WeChat on phones of 2018: Android's web view of Chrome 70, iOS 13.
    target: ['chrome70', 'safari13'],
    cssTarget: ['chrome70', 'safari13'],
    outDir: here('./dist'),
    emptyOutDir: true,
    manifest: true, // Which file needs which: the checks of size and of old phones go by it.
    assetsInlineLimit: 0, // The server's CSP allows pictures from itself; nothing gains by inlining.
    rolldownOptions: {
      // Few files: on a network of 400 ms each further one in a row costs that much again.
      output: {
        codeSplitting: {
          groups: [
            { name: 'vue', test: /node_modules[\\/](?:@vue|vue|vue-router)[\\/]|modulepreload-polyfill|plugin-vue/ },
            {
              name: 'base',
              test: /src[\\/](?:shared|phone[\\/](?:texts[\\/](?!en)|trouble|about|storage|wake_lock|components[\\/](?:AppDialog|TroubleNote|LoadingNote|ModalBox|SupportLines|back|focus)))/,
            },
          ],
        },
      },
    },
  },
  // Apart, so that a phone is not charged for what of Vue only the console uses.
  environments: {
    client: { build: { rolldownOptions: { input: { phone: here('./index.html') } } } },
    console: {
      consumer: 'client',
      build: {
        emptyOutDir: false,
        manifest: '.vite/console.json',
        rolldownOptions: { input: { console: here('./console.html') } },
      },
    },
  },
  builder: {
    async buildApp(builder) {
      for (const name of ['client', 'console']) await builder.build(builder.environments[name]!);
    },
  },
  server: {
    // `Host` stays the page's own, so the server sees the origin it expects.
    proxy: { '/api': { target: server, ws: true, changeOrigin: false } },
  },
  test: {
    environment: 'happy-dom',
    include: ['src/**/*.test.ts'],
    server: { deps: { inline: [/vant/, /element-plus/] } },
  },
});
