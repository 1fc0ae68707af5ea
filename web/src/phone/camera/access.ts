/** Asks for the front camera, and tells apart why there is none. Sound is never asked for. */

export type Failure =
  | 'insecure' // The page did not come over HTTPS.
  | 'unsupported' // The browser has no camera for pages.
  | 'denied'
  | 'none'
  | 'busy'
  | 'other';

const WANTED: MediaStreamConstraints = {
  video: { facingMode: { ideal: 'user' }, width: { ideal: 640 }, height: { ideal: 480 } },
  audio: false,
};

/** A stream of the front camera, or why there is none. */
export async function openFrontCamera(): Promise<MediaStream | Failure> {
  // Typed as always there; old phones and pages without HTTPS have none.
  const devices = navigator.mediaDevices as MediaDevices | undefined;
  if (!devices || !devices.getUserMedia) return window.isSecureContext ? 'unsupported' : 'insecure';
  try {
    return await devices.getUserMedia(WANTED);
  } catch (error) {
    return failureOf(error);
  }
}

/** The names of the standard, and those of older browsers. */
const FAILURES: Record<string, Failure> = {
  NotAllowedError: 'denied',
  PermissionDeniedError: 'denied',
  SecurityError: 'denied',
  NotFoundError: 'none',
  DevicesNotFoundError: 'none',
  OverconstrainedError: 'none',
  NotReadableError: 'busy',
  TrackStartError: 'busy',
  AbortError: 'busy',
};

export function failureOf(error: unknown): Failure {
  const name = error && typeof error === 'object' ? String((error as { name?: unknown }).name) : '';
  return FAILURES[name] || 'other';
}

/** Whether the camera can be asked for without a question to the candidate. */
export async function isGranted(): Promise<boolean> {
  const permissions = navigator.permissions as Permissions | undefined;
  if (!permissions || !permissions.query) return false;
  try {
    return (await permissions.query({ name: 'camera' as PermissionName })).state === 'granted';
  } catch (_) {
    return false; // The browser does not know this permission.
  }
}
