import { join } from 'node:path';
import { z } from 'zod';
import {
  generateHpkeKeyPair,
  hpkeKeyPairFromPrivate,
  openRequest,
  type HpkeKeyPair,
  type ReplyContext,
  type RequestBinding,
} from '../channel';
import { sign, type KeyPair } from '../protocol/ed25519';
import { CocoonError } from '../protocol/errors';
import { LIMITS } from '../protocol/limits';
import { hpkeCertificateLayout, type HpkeCertificate, type Signed } from '../protocol/signed';
import { readSecretFile, writeSecretFile } from './stateFiles';

/**
 * The X25519 keys that requests are sealed to: one per statement, so a day each. An older one opens requests
 * until the last ticket that could name it has expired, so a rotation fails no request.
 */
export interface HpkeKeyring {
  /** A key for a statement that is being written. */
  generate(): HpkeKeyPair;
  /** Keeps `keys` for the statement, durably. */
  bind(keys: HpkeKeyPair, statement: { hash: Buffer; notBefore: number; notAfter: number }): void;
  /** The signed certificate for that statement's key, or null when it is not kept here. */
  certificate(statementHash: Buffer): Signed<HpkeCertificate> | null;
  /** Throws CocoonError `channel_open_failed` when no kept key opens it. */
  open(
    binding: Omit<RequestBinding, 'statementHash'>,
    ciphertext: Buffer,
  ): { plaintext: Buffer; replyContext: ReplyContext };
}

interface BoundKey {
  keys: HpkeKeyPair;
  statementHash: Buffer;
  notBefore: number;
  notAfter: number;
}

const FILE = 'hpke-keys.json';
const MAX_KEYS = 8;
const GRACE_SECONDS = LIMITS.ticketMaxSeconds + LIMITS.clockSkewSeconds;

const hex32 = z.string().regex(/^[0-9a-f]{64}$/);
const fileSchema = z.array(
  z.strictObject({
    privateKey: hex32,
    statementHash: hex32,
    notBefore: z.number().int(),
    notAfter: z.number().int(),
  }),
);

export function createHpkeKeyring(
  config: { stateDir: string; domain: Buffer; receiptKeys: KeyPair },
  deps: { now: () => number; random: (bytes: number) => Buffer },
): HpkeKeyring {
  const path = join(config.stateDir, FILE);
  let kept: BoundKey[] = readKeys(path);

  const store = (): void => {
    kept = kept.filter((key) => deps.now() <= key.notAfter + GRACE_SECONDS).slice(0, MAX_KEYS);
    writeSecretFile(path, JSON.stringify(kept.map(toFile)));
  };

  return {
    generate: () => generateHpkeKeyPair(deps.random),
    bind(keys, { hash, notBefore, notAfter }) {
      kept = [{ keys, statementHash: hash, notBefore, notAfter }, ...kept];
      store();
    },
    certificate(statementHash) {
      const key = kept.find((candidate) => candidate.statementHash.equals(statementHash));
      if (!key) return null;
      const value: HpkeCertificate = {
        domain: config.domain,
        hpkeKey: key.keys.publicKey,
        statementHash,
        notBefore: key.notBefore,
        notAfter: key.notAfter,
      };
      return { value, signature: sign(hpkeCertificateLayout.hash(value), config.receiptKeys) };
    },
    open(binding, ciphertext) {
      // The wire does not name the key: with one a day there are two to try at most times.
      for (const key of kept) {
        if (deps.now() > key.notAfter + GRACE_SECONDS) continue;
        const opened = tryOpen(key, binding, ciphertext);
        if (opened) return opened;
      }
      throw new CocoonError('channel_open_failed', 'No current key of this worker opens the request.');
    },
  };
}

function tryOpen(
  key: BoundKey,
  binding: Omit<RequestBinding, 'statementHash'>,
  ciphertext: Buffer,
): { plaintext: Buffer; replyContext: ReplyContext } | null {
  try {
    return openRequest({ ...binding, statementHash: key.statementHash, keys: key.keys, ciphertext });
  } catch (error) {
    if (error instanceof CocoonError && error.code === 'channel_open_failed') return null;
    throw error;
  }
}

function readKeys(path: string): BoundKey[] {
  const text = readSecretFile(path);
  if (text === null) return [];
  return fileSchema.parse(JSON.parse(text)).map((entry) => ({
    keys: hpkeKeyPairFromPrivate(Buffer.from(entry.privateKey, 'hex')),
    statementHash: Buffer.from(entry.statementHash, 'hex'),
    notBefore: entry.notBefore,
    notAfter: entry.notAfter,
  }));
}

function toFile(key: BoundKey): z.infer<typeof fileSchema>[number] {
  return {
    privateKey: key.keys.privateKey.toString('hex'),
    statementHash: key.statementHash.toString('hex'),
    notBefore: key.notBefore,
    notAfter: key.notAfter,
  };
}
