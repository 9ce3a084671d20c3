import { join } from 'node:path';
import { z } from 'zod';
import { readSecretFile, writeSecretFile } from './stateFiles';

/** Asks that were shown to somebody, so that a restarted process still sells at the price that a client has in hand. */
export interface AskFile {
  /** Signed asks, in the order in which they were saved. */
  load(): Buffer[];
  save(asks: readonly Buffer[]): void;
}

const FILE = 'asks.json';
const fileSchema = z.array(z.base64()).max(4_096);

export function createAskFile(stateDir: string): AskFile {
  const path = join(stateDir, FILE);
  return {
    load() {
      const text = readSecretFile(path);
      return text === null ? [] : fileSchema.parse(JSON.parse(text)).map((ask) => Buffer.from(ask, 'base64'));
    },
    save: (asks) => writeSecretFile(path, JSON.stringify(asks.map((ask) => ask.toString('base64')))),
  };
}
