import { join } from 'node:path';
import { z } from 'zod';
import { readSecretFile, writeSecretFile } from './stateFiles';

/** A quote that was made for a statement, bound to a masterchain block. */
export interface KeptQuote {
  statementHash: Buffer;
  /** Root hash of the block. */
  blockRoot: Buffer;
  quote: Uint8Array;
}

/**
 * Quotes that were sent to the chain, newest first: clients want to see the one that was admitted. They outlive a restart,
 * as statements do; which of several was admitted, the contract tells by the block that it recorded.
 */
export interface KeptQuotes {
  /** On disk when it returns. */
  keep(kept: KeptQuote): void;
  find(statementHash: Buffer, blockRoot: Buffer): Buffer | null;
}

const MAX_KEPT = 8;
const FILE = 'quotes.json';
const hash = z.string().regex(/^[0-9a-f]{64}$/);
const fileSchema = z.array(
  z.strictObject({
    statementHash: hash,
    blockRoot: hash,
    quote: z.string().regex(/^[A-Za-z0-9+/]+={0,2}$/),
  }),
);

export function createKeptQuotes(stateDir: string): KeptQuotes {
  const path = join(stateDir, FILE);
  const text = readSecretFile(path);
  let kept = text === null ? [] : fileSchema.parse(JSON.parse(text));
  const isOf = (entry: (typeof kept)[number], statementHash: Buffer, blockRoot: Buffer): boolean =>
    entry.statementHash === statementHash.toString('hex') && entry.blockRoot === blockRoot.toString('hex');
  return {
    keep({ statementHash, blockRoot, quote }) {
      const entry = {
        statementHash: statementHash.toString('hex'),
        blockRoot: blockRoot.toString('hex'),
        quote: Buffer.from(quote).toString('base64'),
      };
      const others = kept.filter((one) => !isOf(one, statementHash, blockRoot));
      kept = [entry, ...others].slice(0, MAX_KEPT);
      writeSecretFile(path, JSON.stringify(kept));
    },
    find(statementHash, blockRoot) {
      const entry = kept.find((one) => isOf(one, statementHash, blockRoot));
      return entry ? Buffer.from(entry.quote, 'base64') : null;
    },
  };
}
