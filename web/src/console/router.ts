import { createRouter, createWebHashHistory, type RouteRecordRaw } from 'vue-router';
import { has, signedIn } from './account';
import { ROLES, type Role } from './api/types';
import type { TextKey } from './texts';

declare module 'vue-router' {
  interface RouteMeta {
    title?: TextKey;
    /** Who may open it; everybody who is signed in where it is left out. */
    roles?: readonly Role[];
    /** Open without a sign-in. */
    open?: boolean;
    /** The menu's entry that it belongs to. */
    menu?: string;
  }
}

const READ_BANKS: readonly Role[] = ['author', 'approver', 'operator'];
const READ_PEOPLE: readonly Role[] = ['officer', 'invigilator', 'operator'];
const JUDGE: readonly Role[] = ['invigilator', 'officer'];

/** The menu, by task. Only what a member's roles allow is shown. */
export const MENU: { name: string; path: string; title: TextKey; icon: string; roles: readonly Role[] }[] = [
  { name: 'banks', path: '/banks', title: 'menu.banks', icon: 'bank', roles: READ_BANKS },
  { name: 'approvals', path: '/approvals', title: 'menu.approvals', icon: 'stamp', roles: READ_BANKS },
  { name: 'exams', path: '/exams', title: 'menu.exams', icon: 'exam', roles: ROLES },
  { name: 'candidates', path: '/candidates', title: 'menu.candidates', icon: 'people', roles: READ_PEOPLE },
  { name: 'wall', path: '/wall', title: 'menu.wall', icon: 'wall', roles: ['invigilator'] },
  { name: 'live', path: '/live', title: 'menu.live', icon: 'clock', roles: READ_PEOPLE },
  { name: 'reviews', path: '/reviews', title: 'menu.reviews', icon: 'eye', roles: JUDGE },
  { name: 'results', path: '/results', title: 'menu.results', icon: 'chart', roles: READ_PEOPLE },
  { name: 'members', path: '/members', title: 'menu.members', icon: 'member', roles: ['operator'] },
  { name: 'audit', path: '/audit', title: 'menu.audit', icon: 'list', roles: ['operator'] },
];

const routes: RouteRecordRaw[] = [
  { path: '/sign-in', component: () => import('./pages/SignIn.vue'), meta: { title: 'sign_in.title', open: true } },
  { path: '/enrol', component: () => import('./pages/Enrol.vue'), meta: { title: 'enrol.title', open: true } },
  {
    path: '/',
    component: () => import('./shell/DeskShell.vue'),
    meta: { title: 'app.title' },
    children: [
      { path: '', redirect: () => MENU.find((entry) => has(...entry.roles))?.path ?? '/sign-in' },
      { path: 'banks', component: () => import('./pages/Banks.vue'), meta: { title: 'menu.banks', roles: READ_BANKS, menu: 'banks' } },
      { path: 'banks/:bank', component: () => import('./pages/Bank.vue'), meta: { title: 'bank.title', roles: READ_BANKS, menu: 'banks' } },
      { path: 'banks/:bank/import', component: () => import('./pages/BankImport.vue'), meta: { title: 'import.title', roles: ['author'], menu: 'banks' } },
      { path: 'banks/:bank/new', component: () => import('./pages/UnitEdit.vue'), meta: { title: 'edit.new', roles: ['author'], menu: 'banks' } },
      { path: 'banks/:bank/units/:code', component: () => import('./pages/Unit.vue'), meta: { title: 'unit.title', roles: READ_BANKS, menu: 'banks' } },
      { path: 'banks/:bank/units/:code/edit', component: () => import('./pages/UnitEdit.vue'), meta: { title: 'edit.title', roles: ['author'], menu: 'banks' } },
      { path: 'approvals', component: () => import('./pages/Approvals.vue'), meta: { title: 'menu.approvals', roles: READ_BANKS, menu: 'approvals' } },
      { path: 'approvals/:bank/:no', component: () => import('./pages/Approval.vue'), meta: { title: 'approval.title', roles: READ_BANKS, menu: 'approvals' } },
      { path: 'exams', component: () => import('./pages/Exams.vue'), meta: { title: 'menu.exams', menu: 'exams' } },
      { path: 'exams/new', component: () => import('./pages/ExamEdit.vue'), meta: { title: 'exam.new', roles: ['author', 'operator'], menu: 'exams' } },
      { path: 'exams/:exam', component: () => import('./pages/ExamEdit.vue'), meta: { title: 'exam.title', roles: ['author', 'operator'], menu: 'exams' } },
      { path: 'exams/:exam/time', component: () => import('./pages/ExtraTime.vue'), meta: { title: 'extra.title', roles: ['invigilator'], menu: 'exams' } },
      { path: 'candidates', component: () => import('./pages/Candidates.vue'), meta: { title: 'menu.candidates', roles: READ_PEOPLE, menu: 'candidates' } },
      { path: 'candidates/import', component: () => import('./pages/RosterImport.vue'), meta: { title: 'roster.title', roles: ['operator'], menu: 'candidates' } },
      { path: 'wall', component: () => import('./pages/Wall.vue'), meta: { title: 'menu.wall', roles: ['invigilator'], menu: 'wall' } },
      { path: 'attempts/:attempt', component: () => import('./pages/Attempt.vue'), meta: { title: 'watch.title', roles: JUDGE, menu: 'wall' } },
      { path: 'reviews', component: () => import('./pages/Reviews.vue'), meta: { title: 'menu.reviews', roles: JUDGE, menu: 'reviews' } },
      { path: 'live', component: () => import('./pages/Live.vue'), meta: { title: 'menu.live', roles: READ_PEOPLE, menu: 'live' } },
      { path: 'results', component: () => import('./pages/Results.vue'), meta: { title: 'menu.results', roles: READ_PEOPLE, menu: 'results' } },
      { path: 'members', component: () => import('./pages/Members.vue'), meta: { title: 'menu.members', roles: ['operator'], menu: 'members' } },
      { path: 'audit', component: () => import('./pages/Audit.vue'), meta: { title: 'menu.audit', roles: ['operator'], menu: 'audit' } },
      { path: ':rest(.*)*', component: () => import('./pages/NotFound.vue'), meta: { title: 'missing.title' } },
    ],
  },
];

export const router = createRouter({ history: createWebHashHistory(), routes });

router.beforeEach((to) => {
  if (to.meta.open) return true;
  if (!signedIn.value) return { path: '/sign-in', query: to.fullPath === '/' ? {} : { back: to.fullPath } };
  if (to.meta.roles && !has(...to.meta.roles)) return { path: '/' };
  return true;
});
