import { toHex } from '../../../src/attestation/bytes';
import { readChain } from '../../../src/attestation/onchain/chain';
import { dryRun, type DryRunInput } from '../../../src/attestation/onchain/dryRun';
import { NEW_PLATFORM, type PlatformState } from '../../../src/attestation/onchain/dryRunPlatform';
import { certificateTag, keyTag } from '../../../src/attestation/onchain/remembered';
import { AttestationError } from '../../../src/attestation/errors';
import { parseQuote, type Quote } from '../../../src/attestation/quote';
import type { Minted } from '../../../src/attestation/testing/mint';
import { VECTORS, type Vector } from '../../../src/attestation/testing/vectors';

function rememberedOf(minted: Minted): PlatformState['cache'] {
  const quote = parseQuote(minted.quote);
  const chain = readChain(quote, 'simulated');
  return { keyTags: [keyTag(quote, chain)], certificateTags: [certificateTag(chain)] };
}

function inputOf({ kind, primer, otherPlatform }: Vector, quote: Quote, nowUnix: number): DryRunInput {
  const platform = {
    ...NEW_PLATFORM,
    ...(primer ? { cache: rememberedOf(primer()) } : {}),
    ...(otherPlatform ? { ppidHash: toHex(new Uint8Array(32)) } : {}),
  };
  return { quote, root: 'simulated', kind, nowUnix, networkId: -3, platform, registry: null, worker: null };
}

/** The contract's answer by the vocabulary of the vectors. */
async function answer(vector: Vector): Promise<string> {
  const { quote, atUnix } = vector.mint();
  let parsed: Quote;
  try {
    parsed = parseQuote(quote);
  } catch (error) {
    if (error instanceof AttestationError) return 'unbuildable';
    throw error;
  }
  const outcome = await dryRun(inputOf(vector, parsed, atUnix));
  if (outcome.ok) return 'accepted';
  return outcome.refusal.at === 'building' ? 'unbuildable' : outcome.refusal.error;
}

test.each(VECTORS.map((vector) => [`${vector.topic}: ${vector.name}`, vector] as const))(
  'submitter learns before he pays what the contract says to a quote, %s',
  async (_, vector) => {
    const expected = vector.onChain === 'unseen' ? 'accepted' : vector.onChain;
    expect(await answer(vector)).toBe(expected);
  },
);
