import type { SendMessageResult } from '@ton/sandbox';
import { nodeCrypto } from '../../src/attestation/crypto/node';
import { imageId, shape } from '../../src/attestation/image';
import { attestMessage } from '../../src/attestation/onchain/message';
import { parseQuote } from '../../src/attestation/quote';
import { createSimulatedHost } from '../../src/attestation/testing/host';
import { statementDigest } from '../../src/protocol/statement';
import {
  GET_ATTEST_VALUE,
  attestValueArguments,
  platformAddress,
  platformInit,
} from '../../wrappers/Platform';
import { allowImageBody, allowShapeBody, allowTcbBody } from '../../wrappers/Registry';
import * as A from '../support/attestation';
import { balanceOf, TEST_GENESIS } from '../support/chain';
import * as N from '../support/network';

const HOST = createSimulatedHost({ random: (length) => Buffer.alloc(length, 9), nowUnix: TEST_GENESIS });

const HOST_SVNS = Buffer.from('03030202040100050000000000000000', 'hex');

/** A staked Worker whose statement waits, and the message with its machine's quote. */
async function announced(net: N.Network) {
  await N.stake(net);
  const image = N.statement(net);
  await N.announce(net, image);
  const block = A.blockRoot(A.recentBlock(net.chain));
  const quote = parseQuote(HOST.quote(Buffer.concat([statementDigest(image), block])));
  const kind = 'leaf' as const;
  const input = { quote, root: 'simulated', kind, provider: net.provider.address, index: N.INDEX } as const;
  return { quote, message: attestMessage(input) };
}

async function attested() {
  const net = await N.createNetwork();
  const { quote, message } = await announced(net);
  const image = Buffer.from(await imageId(quote.body, 'simulated', nodeCrypto));
  await N.send(net, net.owner, net.registry, allowImageBody(image, N.IMAGE_EXPIRES_AT));
  await N.send(
    net,
    net.owner,
    net.registry,
    allowShapeBody(Buffer.from(await shape(quote.body, nodeCrypto))),
  );
  // This machine's components just reach the floor of its family; the PCE's SVN, the module and the QE as elsewhere.
  const floor = { ...A.FLOOR, sgxSvns: HOST_SVNS };
  await N.send(net, net.owner, net.registry, allowTcbBody(HOST.fmspc, floor));
  const platform = await platformAddress('simulated', net.registry, message.ppidHash);
  const init = await platformInit('simulated', net.registry, message.ppidHash);
  const send = (value: bigint): Promise<SendMessageResult> =>
    N.send(net, net.stranger, platform, message.body, value, init);
  return { net: { ...net, platform }, platform, send };
}

test('a stranger brings a quote, and the Worker is active and holds a slot', async () => {
  const { net, send } = await attested();
  const told = N.story(net, await send(N.COIN));
  expect(told.map((step) => step.split(':')[0])).toEqual([
    'stranger -> platform',
    'platform -> registry',
    'registry -> worker',
    'worker -> registry',
    'registry -> platform',
    'platform -> stranger',
  ]);
  expect(told.every((step) => step.endsWith(' 0'))).toBe(true);
  expect((await N.readWorker(net)).active).toBe(true);
});

test('the least value carries a quote to its end, and pays for all of it', async () => {
  const { net, platform, send } = await attested();
  // The first one deploys the Platform.
  await send(N.COIN);
  const before = await Promise.all(
    [net.registry, net.worker, platform].map((at) => balanceOf(net.chain, at)),
  );
  const least = (await N.get(net, platform, GET_ATTEST_VALUE, attestValueArguments('leaf'))).readBigNumber();
  const told = N.story(net, await send(least));
  // The statement is used up: the Worker refuses, with everything that is left on its way back.
  expect(told.at(-1)).toMatch(/^worker -> stranger: AdmissionRefused 0$/);
  const after = await Promise.all([net.registry, net.worker, platform].map((at) => balanceOf(net.chain, at)));
  expect(after).toEqual(before);
});
