import { QuoteVerifier } from '@phala/dcap-qvl';
import { createPublicKey, verify } from 'node:crypto';
import { nodeCrypto } from '../src/attestation/crypto/node';
import { webCrypto } from '../src/attestation/crypto/web';
import { parseQuote, type Quote } from '../src/attestation/quote';
import { createSimulatedQuoteVerifier, SIMULATED_ROOT } from '../src/attestation/simulated';
import { createSimulatedHost } from '../src/attestation/testing/host';
import { MINTED_AT, REPORT_DATA } from '../src/attestation/testing/mint';
import { compare, type Contender } from './harness';
import { significant, type Benchmark } from './report';

/** More machines than a verifier keeps keys, so that nothing but collateral and authorities is known before. */
const MACHINES = 32;
const hosts = Array.from({ length: MACHINES }, (_, i) =>
  createSimulatedHost({ random: (length) => new Uint8Array(length).fill(i + 1), nowUnix: MINTED_AT }),
);
/** Quotes of version 4 in the lengths of genuine ones; machines of one family share their collateral. */
const minted = hosts.map((host) => host.quote(REPORT_DATA));
const collateral = hosts[0]!.collateral(MINTED_AT);

export const quotes: Benchmark = {
  name: 'quotes',
  title: 'Verification of one TDX quote, all checks, off chain',
  async run(options) {
    const node = createSimulatedQuoteVerifier(nodeCrypto);
    const web = createSimulatedQuoteVerifier(webCrypto());
    const prepared = await node.prepare(collateral);
    const whole = (
      name: string,
      verifier: typeof node,
      evidence: unknown,
      machines = MACHINES,
    ): Contender => ({
      name,
      async run(operations) {
        for (let i = 0; i < operations; i++) {
          const quote = minted[i % machines]!;
          const { verdict } = await verifier.verify({ quote, collateral: evidence, atUnix: MINTED_AT });
          if (verdict !== 'accepted') throw new Error(`${name} refuses a good quote`);
        }
      },
    });
    const measured = await compare(
      [
        signatureAlone(parseQuote(minted[0]!)),
        whole('warm: collateral prepared before', node, prepared),
        whole('warm, the same machine again', node, prepared, 1),
        whole('cold: collateral as JSON', node, collateral),
        whole('cold, WebCrypto', web, collateral),
        otherPackage(),
      ],
      { ...options, turnMs: 200 },
    );
    return { measured, notes: [ratios(measured.map(({ cpuNs }) => cpuNs))] };
  },
};

/** The yardstick: one check of the quote's own signature by node:crypto, with its key object at hand. */
export function signatureAlone({ attestationKey, signed, signature }: Quote): Contender {
  const [x, y] = [attestationKey.subarray(0, 32), attestationKey.subarray(32)].map((half) =>
    Buffer.from(half).toString('base64url'),
  );
  const key = createPublicKey({ key: { kty: 'EC', crv: 'P-256', x: x!, y: y! }, format: 'jwk' });
  return {
    name: 'one P-256 signature, node:crypto',
    run(operations) {
      for (let i = 0; i < operations; i++) {
        if (!verify('sha256', signed, { key, dsaEncoding: 'ieee-p1363' }, signature))
          throw new Error('refused');
      }
    },
  };
}

function otherPackage(): Contender {
  const verifier = QuoteVerifier.newWithRootCa(Buffer.from(SIMULATED_ROOT));
  const evidence = collateral as Parameters<typeof verifier.verify>[1];
  return {
    name: '@phala/dcap-qvl',
    run(operations) {
      for (let i = 0; i < operations; i++) verifier.verify(minted[i % MACHINES]!, evidence, MINTED_AT);
    },
  };
}

function ratios([one, warm, again, cold, , other]: readonly number[]): string {
  const timesOne = significant(warm! / one!);
  const timesOneAgain = significant(again! / one!);
  const timesFaster = significant(other! / cold!);
  return `Warm is ${timesOne} times one signature, ${timesOneAgain} times where the machine is known; cold is ${timesFaster} times faster than \`@phala/dcap-qvl\`, which makes fewer checks.`;
}
