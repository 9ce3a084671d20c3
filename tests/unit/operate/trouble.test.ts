import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { inspect } from 'node:util';
import { Address } from '@ton/core';
import { TonClient } from '@ton/ton';
import { createBlueprintWallet } from '../../../src/operate/blueprintWallet';
import { operate } from '../../../src/operate/session';
import { checkFunds, sendingTrouble, WALLET_FEE_NANO } from '../../../src/operate/trouble';
import type { ChainClient } from '../../../src/chain/chainClient';

const wallet = new Address(0, Buffer.alloc(32, 7));
const VALUE = 1_000_000_000n;
const needed = VALUE + WALLET_FEE_NANO;

async function serving<T>(answer: RequestListener, use: (url: string) => Promise<T>): Promise<T> {
  const server: Server = createServer(answer).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  try {
    return await use(`http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`);
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

/** What Blueprint's HTTP client throws when it sends to that server. */
const sendingTo = (url: string): Promise<unknown> =>
  new TonClient({ endpoint: url }).sendFile(Buffer.alloc(4)).catch((error: unknown) => error);

test('wallet that holds the value and its fee passes, one nanoton less is refused', () => {
  expect(() => checkFunds(wallet, { deployed: true, balanceNano: needed }, VALUE)).not.toThrow();
  expect(() => checkFunds(wallet, { deployed: true, balanceNano: needed - 1n }, VALUE)).toThrow('this takes');
});

test('owner of an empty wallet reads which one it is and what to send it, and nothing is sent', async () => {
  const sent: unknown[] = [];
  const client = {
    account: () =>
      Promise.resolve({ deployed: false, balanceNano: 0n, last: null, seqno: 1, atUnix: 1_700_000_000 }),
  } as unknown as ChainClient;
  const sender = { address: wallet, send: (message: unknown) => Promise.resolve(void sent.push(message)) };
  const blueprint = createBlueprintWallet(sender, {
    client,
    sleep: () => Promise.resolve(),
    monotonicMs: () => 0,
  });
  await expect(blueprint.send({ to: wallet, valueNano: VALUE })).rejects.toMatchObject({
    code: 'chain_refused',
    message: `The new wallet ${wallet.toString({ bounceable: false })} holds 0 TON; this takes up to 1.01 TON, fees included.`,
    remedy: expect.stringMatching(/^Send it 1\.01 TON or more/) as string,
  });
  expect(sent).toEqual([]);
});

test("sender of a message that the chain refuses reads the chain's reason in one line", async () => {
  const reason = 'LITE_SERVER_UNKNOWN: cannot apply external message to current state : not accepted';
  const error = await serving(
    (_request, response) =>
      response
        .writeHead(500, { 'content-type': 'application/json' })
        .end(JSON.stringify({ ok: false, error: `${reason}\nVM log`, code: 500 })),
    sendingTo,
  );
  expect(sendingTrouble(error)).toMatchObject({
    code: 'chain_refused',
    message: `The chain refused the wallet's message: ${reason}.`,
  });
});

test('sender whose endpoint went away is told to look before sending again', async () => {
  const error = await serving((request) => request.socket.destroy(), sendingTo);
  expect(sendingTrouble(error)).toMatchObject({
    code: 'chain_unavailable',
    message: 'The endpoint did not take the message: socket hang up.',
    remedy: expect.stringMatching(/^Look at the wallet/) as string,
  });
});

test("a wallet app's own refusal stays as it is", () => {
  const refusal = new Error('Reject request');
  expect(sendingTrouble(refusal)).toBe(refusal);
});

test('person whose endpoint does not answer reads one sentence, without stack and causes', async () => {
  const endpoint = await serving(
    (_request, response) => response.end(),
    (url) => Promise.resolve(url),
  );
  const provider = {
    sender: () => ({ address: wallet, send: () => Promise.resolve() }),
    api: () => ({ parameters: { endpoint } }),
    ui: () => ({ write: () => undefined, input: () => Promise.resolve('') }),
  };
  const error: unknown = await operate(provider, [], () => Promise.resolve()).catch(
    (thrown: unknown) => thrown,
  );
  expect(inspect(error)).toBe(
    `${endpoint} did not answer: connect ECONNREFUSED ${new URL(endpoint).host}. ` +
      'Start what should listen there, or correct the URL; nothing was sent.',
  );
}, 30_000);
