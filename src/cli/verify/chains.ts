import { createChain } from '../../chain/chain';
import { createHistory } from '../../chain/history';
import {
  readBundle,
  verifyBundle,
  type EvidenceChain,
  type Link,
  type Verification,
  type VerifyOptions,
} from '../../evidence';
import { CocoonError } from '../../protocol/errors';

/** A block may come between two readings: what differs is read once more before it counts as a disagreement. */
const READINGS = 2;

/**
 * Verifies a bundle by one or several endpoints, which must say the same. Throws CocoonError `chain_unavailable` when
 * one of them does not answer.
 */
export async function verifyOnChains(
  text: string,
  urls: readonly string[],
  options: VerifyOptions,
): Promise<Verification> {
  const registry = registryOf(text);
  if (registry === null) return verifyBundle(text, options);
  const chains = await Promise.all(
    urls.map(async (endpoint): Promise<EvidenceChain> => {
      const chain = await createChain({ endpoint, registry });
      return { ...chain, ...createHistory(chain.client) };
    }),
  );
  for (let reading = 1; ; reading++) {
    const found = await readings(text, chains, options);
    const links = found[0]!.links.map((link, i) => agreed(link, found, urls, i));
    const differ = links.some((link, i) => link !== found[0]!.links[i]);
    if (differ && reading < READINGS) continue;
    return { ...found[0]!, links, ok: links.every(({ state }) => state !== 'failed') };
  }
}

function readings(
  text: string,
  chains: readonly EvidenceChain[],
  options: VerifyOptions,
): Promise<Verification[]> {
  return Promise.all(chains.map((chain) => verifyBundle(text, { ...options, chain })));
}

/** The link as the first endpoint has it, if all others have the same; else a link that failed. */
function agreed(link: Link, found: readonly Verification[], urls: readonly string[], i: number): Link {
  const other = found.findIndex(({ links }) => {
    const theirs = links[i]!;
    return theirs.state !== link.state || theirs.detail !== link.detail;
  });
  if (other < 0) return link;
  const says = (n: number): string => `${urls[n]} says: ${found[n]!.links[i]!.detail}`;
  return { name: link.name, state: 'failed', detail: `the chains disagree. ${says(0)}. ${says(other)}` };
}

function registryOf(text: string): string | null {
  try {
    return readBundle(text).registry;
  } catch (error) {
    if (error instanceof CocoonError) return null;
    throw error;
  }
}
