import type { Address, Cell } from '@ton/core';
import {
  PLATFORM_RESERVE_NANO,
  PLATFORM_VALUES,
  platformAddress,
  platformInit,
} from '../../wrappers/Platform';
import { announceBody, WORKER_VALUES } from '../../wrappers/Worker';
import { readChain } from '../attestation/onchain/chain';
import { chooseKind, EMPTY_CACHE, type AttestKind, type PlatformCache } from '../attestation/onchain/kind';
import { attestMessage } from '../attestation/onchain/message';
import { parseQuote, type Quote } from '../attestation/quote';
import { CocoonError } from '../protocol/errors';
import { sha256 } from '../protocol/hash';
import type { Root } from '../protocol/root';
import { refusalOf, refused, requireAccepted, type ActionReport } from './accounts';
import type { ConnectedChain } from './chain';
import { readPlatform } from './platformState';
import type { OutgoingMessage, WalletSender } from './types';

/** How the Platform says that it does not remember the key: `ERROR_PLATFORM_KEY_NOT_CACHED`. */
const FORGOTTEN = 'key not cached';

export interface AttestReport extends ActionReport {
  /** How much of its chain the quote brought along. */
  kind: AttestKind;
}

/**
 * Brings a quote for a Worker to its machine's Platform, deploys that when it is new, and waits for all that follows.
 * Anybody may: whoever sends pays, and what is left comes back. Throws CocoonError `chain_refused` with the reason of
 * Platform, Registry or Worker (`refusalOf` reads it); `chain_unavailable` when it is not known what became of it: then
 * the Worker's state tells, and sending again is safe, since a quote counts once. AttestationError or HintError: not a
 * quote, or one that the Platform could not take.
 */
export async function attestWorker(
  wallet: WalletSender,
  chain: ConnectedChain,
  request: { worker: Address; quote: Uint8Array },
): Promise<AttestReport> {
  const quote = parseQuote(request.quote);
  const asked = await platformOf(chain, quote);
  const { provider, index } = await workerPlace(chain, request.worker);
  const send = async (kind: AttestKind): Promise<AttestReport> => {
    const { body } = attestMessage({ quote, root: asked.root, kind, provider, index });
    return { ...(await deliver(wallet, await messageTo(chain, asked, body))), kind };
  };
  try {
    return await send(chooseKind(quote, asked.root, asked.cache));
  } catch (error) {
    // What the Platform remembered when it was read gave way to another key meanwhile.
    if (refusalOf(error) !== FORGOTTEN) throw error;
    return send(chooseKind(quote, asked.root, EMPTY_CACHE));
  }
}

/** Where to announce: an operator without this project's wallet may send it as it is. */
export function announceMessage(
  worker: Address,
  statement: Uint8Array,
  models: readonly Buffer[],
): OutgoingMessage {
  return { to: worker, valueNano: WORKER_VALUES.announce, body: announceBody(statement, models) };
}

interface AskedPlatform {
  root: Root;
  ppidHash: Buffer;
  address: Address;
  deployed: boolean;
  cache: PlatformCache;
}

async function platformOf(chain: ConnectedChain, quote: Quote): Promise<AskedPlatform> {
  const root = await chain.registryRoot();
  const ppidHash = sha256(readChain(quote, root).leaf.ppid);
  const address = await platformAddress(root, chain.registry, ppidHash);
  const state = await readPlatform(chain.client, address);
  return { root, ppidHash, address, deployed: state !== null, cache: state?.cache ?? EMPTY_CACHE };
}

async function workerPlace(
  chain: ConnectedChain,
  worker: Address,
): Promise<{ provider: Address; index: number }> {
  const state = await chain.worker(worker);
  if (state) return state;
  throw new CocoonError('chain_refused', `${worker.toString()} is no Worker of this registry.`, {
    remedy: 'Stake first: that deploys the Worker.',
  });
}

async function messageTo(
  chain: ConnectedChain,
  { root, ppidHash, address, deployed }: AskedPlatform,
  body: Cell,
): Promise<OutgoingMessage> {
  const message = { to: address, body };
  if (deployed) return { ...message, valueNano: PLATFORM_VALUES.attest };
  const init = await platformInit(root, chain.registry, ppidHash);
  return { ...message, init, valueNano: PLATFORM_VALUES.attest + PLATFORM_RESERVE_NANO };
}

async function deliver(wallet: WalletSender, message: OutgoingMessage): Promise<ActionReport> {
  const report = await wallet.transfer([message]);
  if (report.failure) throw refused(report.failure.address, report.failure.exitCode);
  requireAccepted(report);
  return { ...report, contract: message.to };
}
