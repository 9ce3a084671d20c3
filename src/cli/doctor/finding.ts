import type { Machine } from './machine';

export type Level = 'ok' | 'warn' | 'fail';

/** What one look at the machine brought. */
export interface Finding {
  name: string;
  level: Level;
  seen: string;
  /** What to do, in words; null when there is nothing to do. */
  fix: string | null;
}

/** Where it runs: the machine that starts TDs, or inside one. */
export type Side = 'host' | 'guest';

export interface Settings {
  side: Side;
  /** toncenter-compatible JSON-RPC. */
  endpoint: string | null;
  apiKey: string | null;
  /** Ports that the worker will listen on. */
  ports: readonly number[];
  /** Folder of the worker's state. */
  stateDir: string;
  /** Name or path of QEMU's program. */
  qemu: string;
}

export interface Check {
  name: string;
  /** Left out where it makes no sense. */
  sides: readonly Side[];
  look(machine: Machine, settings: Settings): Promise<Verdict>;
}

export type Verdict = Omit<Finding, 'name'>;

export const ok = (seen: string): Verdict => ({ level: 'ok', seen, fix: null });
export const warn = (seen: string, fix: string): Verdict => ({ level: 'warn', seen, fix });
export const fail = (seen: string, fix: string): Verdict => ({ level: 'fail', seen, fix });
