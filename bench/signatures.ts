import { createPublicKey, verify as verifyByNode } from 'node:crypto';
import sodium from 'sodium-native';
import { sign, verify } from '../src/protocol/ed25519';
import { receiptLayout } from '../src/protocol/signed';
import { benchLine, benchReceipt, workerKeys } from './fixtures';
import { compare, type Contender } from './harness';
import type { Benchmark } from './report';

export const signatures: Benchmark = {
  name: 'ed25519',
  title: 'Check of one Ed25519 signature over a cell hash',
  async run(options) {
    const line = benchLine(0);
    const signed = Array.from({ length: 64 }, (_, i) => {
      const hash = receiptLayout.hash(benchReceipt(line, i + 1));
      return { hash, signature: sign(hash, workerKeys) };
    });
    const { publicKey } = workerKeys;
    const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), publicKey]);
    const keyObject = createPublicKey({ key: spki, format: 'der', type: 'spki' });

    const contender = (name: string, check: (hash: Buffer, signature: Buffer) => boolean): Contender => ({
      name,
      run(operations) {
        for (let i = 0; i < operations; i++) {
          const { hash, signature } = signed[i & 63]!;
          if (!check(hash, signature)) throw new Error(`${name} refuses a genuine signature`);
        }
      },
    });
    const measured = await compare(
      [
        contender('sodium-native, bare', (hash, signature) =>
          sodium.crypto_sign_verify_detached(signature, hash, publicKey),
        ),
        contender('protocol verify', (hash, signature) => verify(hash, signature, publicKey)),
        contender('node:crypto, key object at hand', (hash, signature) =>
          verifyByNode(null, hash, keyObject, signature),
        ),
      ],
      options,
    );
    return { measured };
  },
};
