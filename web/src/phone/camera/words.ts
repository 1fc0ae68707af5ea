/** Why there is no camera, and what helps on this phone. */
import { t } from '../texts';
import type { Failure } from './access';

export type Platform = 'android' | 'ios' | 'other';

export function platformOf(userAgent: string): Platform {
  if (/iPhone|iPad|iPod/.test(userAgent)) return 'ios';
  return /Android/.test(userAgent) ? 'android' : 'other';
}

export function why(failure: Failure): string {
  return t(`check.camera_${failure}`);
}

/** What to do about it, by the names that this phone has for it. */
export function fix(failure: Failure, userAgent = navigator.userAgent): string {
  const app = t(/MicroMessenger/.test(userAgent) ? 'check.app_wechat' : 'check.app_browser');
  if (failure === 'denied' || failure === 'unsupported') return t(`check.fix_${failure}_${platformOf(userAgent)}`, { app });
  return t(`check.fix_${failure}`, { app });
}
