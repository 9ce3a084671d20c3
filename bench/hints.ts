import { createHash, createPublicKey, verify } from 'node:crypto';
import { Address } from '@ton/core';
import { attestMessage } from '../src/attestation/onchain/message';
import { hintCell, signatureHint, unverifiedHint } from '../src/attestation/onchain/hint';
import { bigintMultiples } from '../src/attestation/onchain/p256Multiples';
import { parseQuote } from '../src/attestation/quote';
import { keyFromSeed, sign, toNumber } from '../src/attestation/testing/keys';
import { mintQuote } from '../src/attestation/testing/mint';
import { compare, type Contender } from './harness';
import type { Benchmark } from './report';

const SIGNATURES = 64;
const signer = keyFromSeed('bench');
const key = { x: toNumber(signer.publicKey.subarray(0, 32)), y: toNumber(signer.publicKey.subarray(32)) };
const signed = Array.from({ length: SIGNATURES }, (_, i) => {
  const message = Buffer.from(`message ${i}`);
  return { message, digest: createHash('sha256').update(message).digest(), signature: sign(signer, message) };
});

export const hints: Benchmark = {
  name: 'hints',
  title: 'Hint for one P-256 signature that the chain is to check, and the whole message of a quote',
  async run(options) {
    const each = (name: string, make: (one: (typeof signed)[number]) => unknown): Contender => ({
      name,
      run(operations) {
        for (let i = 0; i < operations; i++) make(signed[i % SIGNATURES]!);
      },
    });
    const own = bigintMultiples();
    const measured = await compare(
      [
        each('one check by node:crypto, key object at hand', verifyByNode()),
        each('hint of a signature that is verified already', ({ digest, signature }) =>
          unverifiedHint(key, digest, signature),
        ),
        each('hint, the signature verified first', ({ digest, signature }) =>
          signatureHint(key, digest, signature),
        ),
        each('the same and its two cells', ({ digest, signature }) =>
          hintCell(signatureHint(key, digest, signature)),
        ),
        each('hint without node:crypto, as in a browser', ({ digest, signature }) =>
          unverifiedHint(key, digest, signature, own),
        ),
        wholeMessage(),
      ],
      options,
    );
    return { measured };
  },
};

/** The yardstick. */
function verifyByNode(): (one: (typeof signed)[number]) => void {
  const spki = Buffer.from('3059301306072a8648ce3d020106082a8648ce3d03010703420004', 'hex');
  const object = createPublicKey({
    key: Buffer.concat([spki, signer.publicKey]),
    format: 'der',
    type: 'spki',
  });
  return ({ message, signature }) => {
    if (!verify('sha256', message, { key: object, dsaEncoding: 'ieee-p1363' }, signature)) {
      throw new Error('node:crypto refuses a good signature');
    }
  };
}

/** From a quote's bytes to the body of an Attest of the normal kind: three hints, eighteen cells. */
function wholeMessage(): Contender {
  const { quote } = mintQuote();
  const provider = new Address(0, Buffer.alloc(32, 1));
  return {
    name: 'whole message of a quote, three hints',
    run(operations) {
      for (let i = 0; i < operations; i++) {
        attestMessage({ quote: parseQuote(quote), root: 'simulated', kind: 'leaf', provider, index: 0 });
      }
    },
  };
}
