/** The parts of a browser that this room uses; Node's types do not know them. */

export interface IdbRequest<T> {
  readonly result: T;
  readonly error: Error | null;
  onsuccess: (() => void) | null;
  onerror: (() => void) | null;
}

export interface IdbTransaction {
  readonly error: Error | null;
  oncomplete: (() => void) | null;
  onabort: (() => void) | null;
  objectStore(name: string): IdbTable;
}

interface IdbTable {
  put(value: unknown, key: string): unknown;
  delete(key: string): unknown;
  get(key: string): IdbRequest<unknown>;
  getAll(): IdbRequest<unknown[]>;
  getAllKeys(): IdbRequest<unknown[]>;
}

export interface IdbDatabase {
  onversionchange: (() => void) | null;
  createObjectStore(name: string): unknown;
  transaction(
    names: readonly string[],
    mode: 'readonly' | 'readwrite',
    options?: { durability: 'strict' },
  ): IdbTransaction;
  close(): void;
}

export interface IdbFactory {
  open(
    name: string,
    version: number,
  ): IdbRequest<IdbDatabase> & {
    onupgradeneeded: ((event: { oldVersion: number }) => void) | null;
  };
}

export interface LockManager {
  request(name: string, options: { signal: AbortSignal }, callback: () => Promise<unknown>): Promise<unknown>;
}

export interface Platform {
  indexedDB?: IdbFactory;
  navigator?: { locks?: LockManager; storage?: { persist?(): Promise<boolean> } };
}

/** What is around this page. */
export const PLATFORM = globalThis as unknown as Platform;
