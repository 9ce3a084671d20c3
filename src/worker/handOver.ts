import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Address } from '@ton/core';
import { announceMessage } from '../chain/attest';
import type { Logger } from './logger';

/** Lays messages ready for whoever holds the operator's wallet, where that is not this machine. */
export interface HandOver {
  layStatement(statement: Buffer): void;
  layQuote(quote: Uint8Array): void;
}

/** A message for any wallet: `to`, `valueNano`, and `body` as a bag of cells in base64. */
export const ANNOUNCE_FILE = 'announce.json';
export const QUOTE_FILE = 'attest.quote';

/** `folder` is made when it is not there; each file replaces the one before. Neither holds a secret. */
export function createHandOver(
  config: { folder: string; worker: Address; models: readonly Buffer[] },
  log: Logger,
): HandOver {
  const { folder, worker, models } = config;
  const lay = (name: string, bytes: string | Uint8Array): string => {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file = join(folder, name);
    writeFileSync(file, bytes);
    return file;
  };
  return {
    layStatement(statement) {
      const { to, valueNano, body } = announceMessage(worker, statement, models);
      const message = {
        to: to.toString(),
        valueNano: valueNano.toString(),
        body: body!.toBoc().toString('base64'),
        statement: statement.toString('hex'),
        models: models.map((hash) => hash.toString('hex')),
      };
      const file = lay(ANNOUNCE_FILE, `${JSON.stringify(message, null, 2)}\n`);
      log.warn({ file }, 'a statement waits: send this message from the operator wallet');
    },
    layQuote(quote) {
      const file = lay(QUOTE_FILE, quote);
      log.warn(
        { file, worker: worker.toString() },
        'a quote waits, good for ten minutes: bring it to the chain with cocoon attest submit',
      );
    },
  };
}
