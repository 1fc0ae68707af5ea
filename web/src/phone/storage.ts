/**
 * The only module that touches the browser's storage: IndexedDB, and memory where that is refused,
 * full, or does not answer. It says which, because the candidate has to know.
 */
import { pause } from '../shared/clock';
import { uuid } from '../shared/chance';
import type { Write } from './attempt/records';

/** Where things are kept. */
export type Kept = 'disk' | 'memory';

export interface Vault {
  kept(): Kept;
  /** Writes all or none. */
  write(writes: Write[]): Promise<void>;
  read(key: string): Promise<unknown>;
  readAll(prefix: string): Promise<unknown[]>;
  keys(prefix: string): Promise<string[]>;
  remove(prefix: string): Promise<void>;
}

const DATABASE = 'exam';
const PHOTO_DATABASE = 'exam-photos';
const STORE = 'records';

/** Some browsers never answer an open; answering from memory is better than waiting. */
const OPEN_WITHIN_MS = 2500;

let opened: Promise<Vault> | null = null;

/** The one vault of the page. */
export function vault(): Promise<Vault> {
  opened = opened || openVault(DATABASE);
  return opened;
}

let photosOpened: Promise<Vault> | null = null;

/** A vault of its own for photographs: where they do not fit, responses still do. */
export function photoVault(): Promise<Vault> {
  photosOpened = photosOpened || openVault(PHOTO_DATABASE);
  return photosOpened;
}

async function openVault(name: string): Promise<Vault> {
  const database = await Promise.race([openDatabase(name), pause(OPEN_WITHIN_MS).then(() => null)]);
  return new TwoLayers(database);
}

function openDatabase(name: string): Promise<IDBDatabase | null> {
  return new Promise((resolve) => {
    try {
      const request = indexedDB.open(name, 1);
      request.onupgradeneeded = () => request.result.createObjectStore(STORE);
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => resolve(null);
      request.onblocked = () => resolve(null);
    } catch (_) {
      resolve(null); // Private mode and strict settings throw already here.
    }
  });
}

/** Memory holds everything; the disk follows as long as it can. */
class TwoLayers implements Vault {
  private readonly memory = new Map<string, unknown>();

  constructor(private disk: IDBDatabase | null) {}

  kept(): Kept {
    return this.disk ? 'disk' : 'memory';
  }

  async write(writes: Write[]): Promise<void> {
    for (const { key, value } of writes) {
      if (value === undefined) this.memory.delete(key);
      else this.memory.set(key, value);
    }
    await this.onDisk('readwrite', (store) => {
      for (const { key, value } of writes) {
        if (value === undefined) store.delete(key);
        else store.put(value, key);
      }
      return null;
    });
  }

  async read(key: string): Promise<unknown> {
    const request = await this.onDisk('readonly', (store) => store.get(key));
    return request ? request.result : this.memory.get(key);
  }

  async readAll(prefix: string): Promise<unknown[]> {
    const request = await this.onDisk('readonly', (store) => store.getAll(within(prefix)));
    if (request) return request.result as unknown[];
    return this.memoryKeys(prefix).map((key) => this.memory.get(key));
  }

  async keys(prefix: string): Promise<string[]> {
    const request = await this.onDisk('readonly', (store) => store.getAllKeys(within(prefix)));
    return request ? (request.result as string[]) : this.memoryKeys(prefix);
  }

  async remove(prefix: string): Promise<void> {
    for (const key of this.memoryKeys(prefix)) this.memory.delete(key);
    await this.onDisk('readwrite', (store) => store.delete(within(prefix)));
  }

  private memoryKeys(prefix: string): string[] {
    return Array.from(this.memory.keys()).filter((key) => key.startsWith(prefix)).sort();
  }

  /** Runs in one transaction; a disk that fails is given up, and memory goes on alone. */
  private onDisk<R extends IDBRequest | null>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => R): Promise<R | null> {
    const disk = this.disk;
    if (!disk) return Promise.resolve(null);
    return new Promise((resolve) => {
      const giveUp = () => {
        this.disk = null;
        resolve(null);
      };
      try {
        const transaction = disk.transaction(STORE, mode);
        const request = act(transaction.objectStore(STORE));
        transaction.oncomplete = () => resolve(request);
        transaction.onabort = giveUp; // A full disk ends here.
        transaction.onerror = (event) => event.preventDefault();
      } catch (_) {
        giveUp();
      }
    });
  }
}

function within(prefix: string): IDBKeyRange {
  return IDBKeyRange.bound(prefix, `${prefix}\uffff`);
}

/** A small value that outlives the page, for settings; null where there is none or none is kept. */
export function setting(name: string): string | null {
  try {
    return localStorage.getItem(`exam.${name}`);
  } catch (_) {
    return null;
  }
}

export function keepSetting(name: string, value: string): void {
  try {
    localStorage.setItem(`exam.${name}`, value);
  } catch (_) {
    // It holds for this page only.
  }
}

let device: string | null = null;

const WINDOW_NAME = 'exam-device ';

/**
 * This browser's own id. The window's name carries it over a reload where nothing can be kept, or what
 * was kept is cleared, so that a candidate is not taken for somebody on another phone.
 */
export function deviceId(): string {
  const named = window.name.startsWith(WINDOW_NAME) ? window.name.slice(WINDOW_NAME.length) : null;
  device = device || setting('device') || named || uuid();
  keepSetting('device', device);
  window.name = WINDOW_NAME + device;
  return device;
}

/** A page's hold on an attempt. */
export interface Claim {
  /** Whether it is certain that no other page of this device has taken the attempt since. */
  holds(): boolean;
  release(): void;
}

/**
 * Takes an attempt for this page: the device's other pages hear of it and stop, because all of
 * them count messages with one counter.
 */
export function claimAttempt(attemptId: string, onLost: () => void): Claim {
  const key = `exam.page.${attemptId}`;
  const page = uuid();
  try {
    localStorage.setItem(key, page);
  } catch (_) {
    // Pages that share nothing are two devices to the server.
    return { holds: () => false, release: () => undefined };
  }
  const hear = (event: StorageEvent) => {
    if (event.key === key && event.newValue !== null && event.newValue !== page) onLost();
  };
  addEventListener('storage', hear);
  return { holds: () => localStorage.getItem(key) === page, release: () => removeEventListener('storage', hear) };
}

/** Forgets an attempt: its paper does not stay on the phone once it is closed. */
export async function forgetAttempt(attemptId: string): Promise<void> {
  const kept = await vault();
  await kept.remove(`progress/${attemptId}`);
  await kept.remove(`pending/${attemptId}/`);
  try {
    localStorage.removeItem(`exam.page.${attemptId}`);
  } catch (_) {
    // Nothing was kept there either.
  }
}
