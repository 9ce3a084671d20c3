import { CHECK_NAMES } from '../../../src/attestation/checks';
import { nodeCrypto } from '../../../src/attestation/crypto/node';
import { createSimulatedQuoteVerifier } from '../../../src/attestation/simulated';
import { VECTORS, type Vector } from '../../../src/attestation/testing/vectors';

const topics = [...new Set(VECTORS.map(({ topic }) => topic))];
const verifier = createSimulatedQuoteVerifier(nodeCrypto);

/** What the verifier said: the answer, and every check that was made and failed. */
async function answer({ mint, policy, offChain }: Vector) {
  const { quote, collateral, atUnix } = mint();
  const { verdict, refusal, tcbStatus, checks } = await verifier.verify({
    quote,
    collateral,
    atUnix,
    policy,
  });
  const failed = checks.filter(({ ok, seen }) => !ok && !seen.startsWith('not checked'));
  return {
    verdict,
    refusal,
    failed: failed.map(({ name }) => name).sort(),
    tcbStatus: offChain.tcbStatus === null ? null : tcbStatus,
  };
}

function stated({ offChain: { verdict, refusal, also, tcbStatus } }: Vector) {
  const failed = [...(refusal === null ? [] : [refusal]), ...also].sort();
  return { verdict, refusal, failed, tcbStatus };
}

describe('the vectors, off chain', () => {
  describe.each(topics)('%s', (topic) => {
    test.each(VECTORS.filter((vector) => vector.topic === topic))('a quote: $name', async (vector) => {
      expect(await answer(vector)).toEqual(stated(vector));
    });
  });

  test('are at least 130, each with a name and a rule of its own', () => {
    expect(VECTORS.length).toBeGreaterThanOrEqual(130);
    expect(new Set(VECTORS.map(({ name }) => name)).size).toBe(VECTORS.length);
    for (const { name, rule } of VECTORS)
      expect({ name, long: rule.length > 10 }).toEqual({ name, long: true });
  });

  test('reach every check that there is: none is decoration', () => {
    const refusals = new Set(VECTORS.map(({ offChain }) => offChain.refusal));
    expect(CHECK_NAMES.filter((name) => !refusals.has(name))).toEqual([]);
  });

  test('have the same bytes at every run', () => {
    for (const { mint } of [VECTORS[0]!, VECTORS[100]!, VECTORS.at(-1)!]) expect(mint()).toEqual(mint());
  });
});
