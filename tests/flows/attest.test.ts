import type { Address } from '@ton/core';
import { nodeCrypto } from '../../src/attestation/crypto/node';
import { imageId, shape } from '../../src/attestation/image';
import { attestMessage } from '../../src/attestation/onchain/message';
import { chooseKind, type AttestKind } from '../../src/attestation/onchain/kind';
import { parseQuote, type Quote } from '../../src/attestation/quote';
import { createSimulatedHost, type SimulatedHost } from '../../src/attestation/testing/host';
import { statementDigest } from '../../src/protocol/statement';
import {
  GET_PLATFORM,
  parsePlatform,
  PLATFORM_RESERVE_NANO,
  platformAddress,
  platformInit,
  ppidHash,
} from '../../wrappers/Platform';
import { allowImageBody, allowShapeBody, allowTcbBody, parseAdmissionRefusal } from '../../wrappers/Registry';
import * as A from '../support/attestation';
import { balanceOf, TEST_GENESIS } from '../support/chain';
import * as N from '../support/network';

// The whole way, with a quote that a simulated machine signed: announce -> Platform -> Registry -> Worker -> Registry -> Platform.

const LOWEST = { pceId: 0, pceSvn: 0, sgxSvns: Buffer.alloc(16), teeTcbSvn: Buffer.alloc(16), qeIsvSvn: 0 };

const ADMITTED = [
  'stranger -> platform: Attest 0',
  'platform -> registry: QuoteVerified 0',
  'registry -> worker: Attested 0',
  'worker -> registry: WorkerAdmitted 0',
  'registry -> platform: SlotTaken 0',
  'platform -> stranger: Excesses 0',
];

let host: SimulatedHost;
let platform: Address;

/** The network with that machine's image, shape and family allowed, and a statement announced. */
async function announcedWorker(): Promise<{ net: N.Network; image: Buffer }> {
  const net = await N.createNetwork();
  host ??= createSimulatedHost({ random: (length) => Buffer.alloc(length, 7), nowUnix: TEST_GENESIS });
  platform = await platformAddress('simulated', net.registry, ppidHash(host.ppid));
  net.platform = platform;
  const { body } = parseQuote(host.quote(Buffer.alloc(64)));
  for (const order of [
    allowImageBody(Buffer.from(await imageId(body, 'simulated', nodeCrypto)), N.IMAGE_EXPIRES_AT),
    allowShapeBody(Buffer.from(await shape(body, nodeCrypto))),
    allowTcbBody(host.fmspc, LOWEST),
  ]) {
    await N.send(net, net.owner, net.registry, order);
  }
  await N.stake(net);
  const image = N.statement(net);
  await N.announce(net, image);
  return { net, image };
}

function quoteFor(net: N.Network, image: Buffer): Quote {
  const root = A.blockRoot(A.recentBlock(net.chain));
  return parseQuote(host.quote(Buffer.concat([statementDigest(image), root])));
}

async function attest(net: N.Network, quote: Quote, kind: AttestKind, value = N.COIN) {
  const { body } = attestMessage({
    ...{ quote, root: 'simulated', kind },
    provider: net.provider.address,
    index: N.INDEX,
  });
  return N.send(
    net,
    net.stranger,
    platform,
    body,
    value,
    await platformInit('simulated', net.registry, ppidHash(host.ppid)),
  );
}

const readPlatform = async (net: N.Network) => parsePlatform(await N.get(net, platform, GET_PLATFORM));

test('a machine that nobody knew is admitted by its quote alone, and renews with the key that is remembered', async () => {
  const { net, image } = await announcedWorker();
  expect(N.story(net, await attest(net, quoteFor(net, image), 'leaf'))).toEqual(ADMITTED);
  const now = net.chain.now!;
  expect(await N.readWorker(net)).toMatchObject({
    active: true,
    activeUntil: now + N.DAY,
    admitted: { platform: platform.hash.toString('hex'), tcb: { fmspc: host.fmspc.toString('hex') } },
  });
  const { cache, slots } = await readPlatform(net);
  expect(slots).toEqual([{ worker: net.worker.hash, heldUntil: now + N.DAY }]);

  net.chain.now = now + 20 * 3_600;
  A.setRecentBlocks(net.chain, A.recentBlock(net.chain) + 100);
  const next = N.statement(net);
  await N.announce(net, next);
  const quote = quoteFor(net, next);
  expect(chooseKind(quote, 'simulated', cache)).toBe('key');
  expect(N.story(net, await attest(net, quote, 'key'))).toEqual(ADMITTED);
  expect((await readPlatform(net)).slots).toEqual([
    { worker: net.worker.hash, heldUntil: net.chain.now + N.DAY },
  ]);
});

test('a genuine quote for another statement, or one that was used, admits nothing', async () => {
  const { net, image } = await announcedWorker();
  const reason = async (quote: Quote, kind: AttestKind) => {
    const { transactions } = await attest(net, quote, kind);
    return parseAdmissionRefusal(transactions.at(-1)!.inMessage!.body)?.reason;
  };
  const foreign = quoteFor(net, N.statement(net, { hostTier: 1 }));
  expect(await reason(foreign, 'leaf')).toBe(1140);
  expect((await N.readWorker(net)).active).toBe(false);
  const own = quoteFor(net, image);
  expect(await reason(own, 'key')).toBeUndefined();
  await N.announce(net, image);
  expect(await reason(own, 'key')).toBe(1143);
});

test('whoever brings a quote pays for its way and for the reserve of a new platform, and no contract keeps anything else', async () => {
  const { net, image } = await announcedWorker();
  const held = () => Promise.all([net.registry, net.worker].map((address) => balanceOf(net.chain, address)));
  const before = await held();
  const spent = async (quote: Quote, kind: AttestKind): Promise<bigint> => {
    const purse = await balanceOf(net.chain, net.stranger.address);
    await attest(net, quote, kind);
    return N.COIN - ((await balanceOf(net.chain, net.stranger.address)) - purse);
  };
  const first = await spent(quoteFor(net, N.statement(net, { hostTier: 1 })), 'leaf');
  expect(await balanceOf(net.chain, platform)).toBe(PLATFORM_RESERVE_NANO);
  const refused = await spent(quoteFor(net, N.statement(net, { hostTier: 2 })), 'key');
  const admitted = await spent(quoteFor(net, image), 'key');
  expect(await balanceOf(net.chain, platform)).toBe(PLATFORM_RESERVE_NANO);
  expect(await held()).toEqual(before);
  expect(first - PLATFORM_RESERVE_NANO).toBeGreaterThan(refused);
  expect(admitted).toBeGreaterThan(refused);
  expect(admitted).toBeLessThan(N.COIN / 50n);
});
