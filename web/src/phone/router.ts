import { createRouter, createWebHashHistory, type RouteLocationNormalized } from 'vue-router';
import { Refused } from '../shared/api/http';
import { pause } from '../shared/clock';
import { account, loadAccount } from './account';
import Exam from './pages/Exam.vue';
import { fetchEnglish } from './texts';

/** All but the exam, which comes at once: who comes back to a running one has no time to lose. */
const pages = {
  signIn: () => import('./pages/SignIn.vue'),
  password: () => import('./pages/NewPassword.vue'),
  home: () => import('./pages/Home.vue'),
  exams: () => import('./pages/Exams.vue'),
  notice: () => import('./pages/Notice.vue'),
  check: () => import('./pages/DeviceCheck.vue'),
  result: () => import('./pages/Result.vue'),
  history: () => import('./pages/History.vue'),
  review: () => import('./pages/Review.vue'),
  appeal: () => import('./pages/Appeal.vue'),
};

// WeChat signs the address before the hash, so every page of ours has the same one.
export const router = createRouter({
  history: createWebHashHistory('/'),
  routes: [
    { path: '/sign-in', name: 'sign-in', component: pages.signIn, meta: { open: true } },
    { path: '/password', name: 'password', component: pages.password, meta: { open: true } },
    { path: '/', name: 'home', component: pages.home },
    { path: '/exams', name: 'exams', component: pages.exams },
    { path: '/exams/:examId/notice', name: 'notice', component: pages.notice },
    { path: '/exams/:examId/check', name: 'check', component: pages.check },
    { path: '/check', name: 'check-only', component: pages.check },
    // Works without network, from what the phone keeps; it finds out by itself who is signed in.
    { path: '/attempts/:attemptId', name: 'exam', component: Exam, meta: { open: true } },
    { path: '/attempts/:attemptId/result', name: 'result', component: pages.result },
    { path: '/attempts/:attemptId/review', name: 'review', component: pages.review },
    { path: '/attempts/:attemptId/appeal', name: 'appeal', component: pages.appeal },
    { path: '/history', name: 'history', component: pages.history },
    { path: '/:rest(.*)*', redirect: '/' },
  ],
});

router.beforeEach(async (to: RouteLocationNormalized) => {
  if (to.meta['open'] || account.value) return true;
  fetchBeside(to);
  try {
    await loadAccount();
    return true;
  } catch (error) {
    if (error instanceof Refused && error.code === 'must_change_password') return { name: 'password' };
    if (error instanceof Refused && error.status === 401) {
      return to.path === '/' ? { name: 'sign-in' } : { name: 'sign-in', query: { to: to.fullPath } };
    }
    return true; // Without network the page itself says so, and offers to try again.
  }
});

/** While it is found out who is signed in, both pages that may be next are on their way. */
function fetchBeside(to: RouteLocationNormalized): void {
  for (const page of [pages.signIn, pages[to.name as keyof typeof pages]]) if (page) void page().catch(() => undefined);
}

/** How long the first page has the network to itself. */
const LATER_MS = 1_000;

/** Fetches the other pages before they are needed: the network may be gone by then. */
export async function fetchLaterPages(): Promise<void> {
  await pause(LATER_MS);
  const apart = [() => import('./components/PictureView.vue'), () => import('./components/CameraDialog.vue'), () => import('./camera/photographer')];
  const later = [...Object.values(pages), ...apart, fetchEnglish];
  for (const fetch of later) await fetch().catch(() => undefined);
}
