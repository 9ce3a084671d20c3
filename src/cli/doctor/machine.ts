import { execFile } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, readSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import { Address } from '@ton/core';
import { createChainClient } from '../../chain/chainClient';
import { DOCTOR_LIMITS } from './limits';

export type Ran =
  | { outcome: 'ended'; code: number; output: string }
  /** No such program. */
  | { outcome: 'absent' };

/** Everything that a check may ask of a machine; tests describe good and bad machines with it. */
export interface Machine {
  platform: string;
  kernelRelease: string;
  nodeVersion: string;
  /** Unix seconds. */
  now(): number;
  /** The beginning of a text file; null when it is not there or may not be read. */
  read(path: string): string | null;
  /** Whether this process may create entries in a folder. */
  access(path: string): 'writable' | 'denied' | 'absent';
  /** Runs a program without a shell; what it prints, standard error included. */
  run(program: string, args: readonly string[]): Promise<Ran>;
  /** Whether a server can listen there on 127.0.0.1. */
  isPortFree(port: number): Promise<boolean>;
  /** Free for this user; null for a folder that is not there. */
  freeBytes(folder: string): number | null;
  /** Unix seconds of the newest finalized block. Throws CocoonError `chain_unavailable`. */
  blockTime(endpoint: string, apiKey: string | null): Promise<number>;
  /** A quote over 64 bytes of report data, from this machine's own source. Throws with what is wrong. */
  quote(reportData: Uint8Array): Promise<Uint8Array>;
  /** Resolves after `ms`; a check that is not done by then is given up. */
  after(ms: number): Promise<void>;
}

/** The machine that this process runs on. */
export function thisMachine(quote: Machine['quote']): Machine {
  return {
    platform: os.platform(),
    kernelRelease: os.release(),
    nodeVersion: process.versions.node,
    now: () => Date.now() / 1_000,
    read: readStart,
    access,
    run,
    isPortFree,
    freeBytes,
    blockTime,
    quote,
    after: (ms) => new Promise((resolve) => setTimeout(resolve, ms).unref()),
  };
}

function readStart(path: string): string | null {
  let file: number | undefined;
  try {
    file = openSync(path, 'r');
    const buffer = Buffer.alloc(DOCTOR_LIMITS.textBytes);
    return buffer.toString('utf8', 0, readSync(file, buffer));
  } catch {
    return null;
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function access(path: string): 'writable' | 'denied' | 'absent' {
  try {
    accessSync(path, constants.F_OK);
  } catch {
    return 'absent';
  }
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return 'writable';
  } catch {
    return 'denied';
  }
}

function run(program: string, args: readonly string[]): Promise<Ran> {
  return new Promise((resolve, reject) => {
    execFile(
      program,
      [...args],
      { timeout: DOCTOR_LIMITS.checkMs, maxBuffer: DOCTOR_LIMITS.textBytes, killSignal: 'SIGKILL' },
      (error, stdout, stderr) => {
        if (error && 'code' in error && (error.code === 'ENOENT' || error.code === 'EACCES'))
          return resolve({ outcome: 'absent' });
        if (error && typeof error.code !== 'number')
          return reject(new Error(`${program}: ${error.message}`, { cause: error }));
        resolve({ outcome: 'ended', code: Number(error?.code ?? 0), output: `${stdout}${stderr}` });
      },
    );
  });
}

function isPortFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

function freeBytes(folder: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return null;
  }
}

/** Any account tells the block that it was read at. */
async function blockTime(endpoint: string, apiKey: string | null): Promise<number> {
  const client = createChainClient({
    endpoint,
    attempts: 2,
    timeoutMs: DOCTOR_LIMITS.requestMs,
    ...(apiKey === null ? {} : { apiKey }),
  });
  return (await client.account(new Address(0, Buffer.alloc(32)))).atUnix;
}
