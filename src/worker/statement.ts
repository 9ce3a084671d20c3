import { join } from 'node:path';
import { z } from 'zod';
import { AEAD_ID, KDF_ID, KEM_ID } from '../channel';
import { LIMITS } from '../protocol/limits';
import {
  modelsRoot,
  parseStatement,
  statementHash,
  statementImage,
  StatementRole,
} from '../protocol/statement';
import type { HpkeKeyring } from './hpkeKeys';
import { readSecretFile, writeSecretFile } from './stateFiles';

/** What goes into every statement of this worker. */
export interface StatementFacts {
  networkId: number;
  /** Account hashes. */
  registry: Buffer;
  worker: Buffer;
  receiptKey: Buffer;
  modelHashes: readonly Buffer[];
  gpuEvidenceHash: Buffer;
  hostTier: number;
}

export interface BuiltStatement {
  image: Buffer;
  hash: Buffer;
  notBefore: number;
  notAfter: number;
}

/** Clocks differ a little; a statement of the future would be refused. */
const BACKDATE_SECONDS = LIMITS.clockSkewSeconds;
const MAX_KEPT = 4;
const FILE = 'statements.json';
const fileSchema = z.array(z.string().regex(/^[0-9a-f]+$/));

/** Statements that this key wrote, newest first; they outlive a restart, as does the key. */
export interface Statements {
  all(): readonly BuiltStatement[];
  /** Writes a statement for a day with an HPKE key of its own, and keeps both durably. */
  write(nowUnix: number): BuiltStatement;
}

export function createStatements(stateDir: string, facts: StatementFacts, hpke: HpkeKeyring): Statements {
  const path = join(stateDir, FILE);
  let kept = readStatements(path).filter((statement) => matches(statement, facts));

  return {
    all: () => kept,
    write(nowUnix) {
      const keys = hpke.generate();
      const notBefore = Math.floor(nowUnix) - BACKDATE_SECONDS;
      const statement = built(
        statementImage({
          role: StatementRole.Worker,
          networkId: facts.networkId,
          registry: facts.registry,
          worker: facts.worker,
          receiptKey: facts.receiptKey,
          hpkeKey: keys.publicKey,
          kemId: KEM_ID,
          kdfId: KDF_ID,
          aeadId: AEAD_ID,
          notBefore,
          notAfter: notBefore + LIMITS.statementMaxSeconds,
          modelsRoot: modelsRoot(facts.modelHashes),
          gpuEvidenceHash: facts.gpuEvidenceHash,
          hostTier: facts.hostTier,
        }),
      );
      hpke.bind(keys, statement);
      kept = [statement, ...kept].slice(0, MAX_KEPT);
      writeSecretFile(path, JSON.stringify(kept.map(({ image }) => image.toString('hex'))));
      return statement;
    },
  };
}

function readStatements(path: string): BuiltStatement[] {
  const text = readSecretFile(path);
  if (text === null) return [];
  return fileSchema.parse(JSON.parse(text)).map((hex) => built(Buffer.from(hex, 'hex')));
}

/** A statement of another key, contract or list of models says nothing true about this process. */
function matches(statement: BuiltStatement, facts: StatementFacts): boolean {
  const said = parseStatement(statement.image);
  return (
    said.receiptKey.equals(facts.receiptKey) &&
    said.worker.equals(facts.worker) &&
    said.registry.equals(facts.registry) &&
    said.networkId === facts.networkId &&
    said.modelsRoot.equals(modelsRoot(facts.modelHashes))
  );
}

function built(image: Buffer): BuiltStatement {
  const { notBefore, notAfter } = parseStatement(image);
  return { image, hash: statementHash(image), notBefore, notAfter };
}
