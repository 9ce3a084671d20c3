import { connect } from 'node:net';
import { Address, beginCell, Cell, storeMessage } from '@ton/core';
import type { Devnet } from '../../../src/devnet/devnet';
import { DEVNET_LIMITS } from '../../../src/devnet/limits';
import { postJson, rpc, startDevnet } from './devnetFixture';

const ADDRESS = new Address(0, Buffer.alloc(32, 1)).toString();

describe('bad requests to the devnet', () => {
  let devnet: Devnet;
  let impatient: Devnet;
  beforeAll(async () => {
    devnet = await startDevnet();
    impatient = await startDevnet({ requestTimeoutMs: 150, headersTimeoutMs: 150 });
  });
  afterAll(async () => {
    await devnet.close();
    await impatient.close();
  });

  const raw = async (
    body: string,
    headers: Record<string, string> = { 'content-type': 'application/json' },
  ) => {
    const response = await fetch(devnet.apiUrl, { method: 'POST', headers, body });
    return { status: response.status, body: await response.json() };
  };
  const call = (method: string, params: unknown): string =>
    JSON.stringify({ jsonrpc: '2.0', id: '1', method, params });

  test.each([
    ['malformed JSON', '{"jsonrpc":', 400, /not JSON/],
    ['no method', '{"jsonrpc":"2.0","id":"1"}', 422, /jsonRPC/],
    ['a list for parameters', call('getAddressBalance', []), 422, /jsonRPC/],
    ['another protocol version', '{"jsonrpc":"1.0","method":"getMasterchainInfo"}', 422, /jsonRPC/],
    ['an unknown method', call('getEverything', {}), 404, /Unknown method: getEverything/],
    ['a missing address', call('getAddressBalance', {}), 422, /address/],
    ['a wrong address', call('getAddressBalance', { address: 'EQabc' }), 422, /address: Incorrect address/],
    ['a limit of zero', call('getTransactions', { address: ADDRESS, limit: 0 }), 422, /limit/],
    ['a limit above the page', call('getTransactions', { address: ADDRESS, limit: 101 }), 422, /limit/],
    [
      'a hash without its time',
      call('getTransactions', { address: ADDRESS, hash: '0'.repeat(64) }),
      422,
      /lt and hash/,
    ],
    [
      'a transaction that is not there',
      call('getTransactions', { address: ADDRESS, lt: '5' }),
      500,
      /cannot locate/,
    ],
    [
      'a stack item of no kind',
      call('runGetMethod', { address: ADDRESS, method: 'a', stack: [['x', 1]] }),
      422,
      /stack/,
    ],
    [
      'a stack number that is none',
      call('runGetMethod', { address: ADDRESS, method: 'a', stack: [['num', 'z']] }),
      422,
      /number/,
    ],
    [
      'a stack cell that is none',
      call('runGetMethod', { address: ADDRESS, method: 'a', stack: [['cell', 'AAAA']] }),
      422,
      /cell/,
    ],
    ['a BoC that is not base64', call('sendBoc', { boc: '***' }), 422, /base64/],
    ['a BoC that is none', call('sendBoc', { boc: 'AAAA' }), 422, /not a serialized external message/],
  ])('%s is refused by its name', async (_what, body, status, error) => {
    const reply = await raw(body);
    expect(reply).toMatchObject({
      status,
      body: { ok: false, code: status, error: expect.stringMatching(error) as string },
    });
  });

  test('the same requests with the one field repaired are answered', async () => {
    expect(await rpc(devnet, 'getAddressBalance', { address: ADDRESS })).toMatchObject({
      status: 200,
      body: { ok: true, result: '0', jsonrpc: '2.0', id: '7' },
    });
    expect(await rpc(devnet, 'getTransactions', { address: ADDRESS, limit: 1 })).toMatchObject({
      status: 200,
    });
    expect(await rpc(devnet, 'getTransactions', { address: ADDRESS, limit: 100 })).toMatchObject({
      status: 200,
    });
    const stack = [
      ['num', '0x1f'],
      ['tvm.Cell', Cell.EMPTY.toBoc().toString('base64')],
    ];
    expect(await rpc(devnet, 'runGetMethod', { address: ADDRESS, method: 'a', stack })).toMatchObject({
      status: 200,
    });
    const plain = await fetch(`${devnet.url}/api/v2/getAddressBalance?address=${ADDRESS}`);
    expect(await plain.json()).toEqual({ ok: true, result: '0' });
    const posted = await postJson(`${devnet.url}/api/v2/getAddressState`, { address: ADDRESS });
    expect(posted.body).toEqual({ ok: true, result: 'uninitialized' });
  });

  test('a body that is not JSON by its content type, or too large, is refused before it is read', async () => {
    const body = call('getMasterchainInfo', {});
    expect(await raw(body, { 'content-type': 'text/plain' })).toMatchObject({
      status: 415,
      body: { ok: false },
    });
    const padding = ' '.repeat(DEVNET_LIMITS.bodyMaxBytes);
    expect(await raw(body + padding)).toMatchObject({ status: 413, body: { ok: false, code: 413 } });
    expect(await raw(body + padding.slice(body.length))).toMatchObject({ status: 200, body: { ok: true } });
  });

  test('an external message that is too large is refused', async () => {
    const boc = Buffer.alloc(DEVNET_LIMITS.externalMaxBytes + 1).toString('base64');
    expect(await rpc(devnet, 'sendBoc', { boc })).toMatchObject({
      status: 500,
      body: { error: expect.stringMatching(/too large/) as string },
    });
  });

  test('internal messages and unknown workchains are refused', async () => {
    const internalMessage = beginCell()
      .store(
        storeMessage({
          info: {
            type: 'internal',
            ihrDisabled: true,
            bounce: false,
            bounced: false,
            src: Address.parse(ADDRESS),
            dest: Address.parse(ADDRESS),
            value: { coins: 1_000_000_000n },
            ihrFee: 0n,
            forwardFee: 0n,
            createdLt: 1n,
            createdAt: 1,
          },
          body: Cell.EMPTY,
        }),
      )
      .endCell();
    const toWorkchain = (workchain: number): Cell =>
      beginCell()
        .storeUint(0b1000, 4)
        .storeAddress(new Address(workchain, Buffer.alloc(32, 1)))
        .storeCoins(0)
        .storeUint(0, 2)
        .endCell();
    const send = (cell: Cell) => rpc(devnet, 'sendBoc', { boc: cell.toBoc().toString('base64') });
    expect(await send(internalMessage)).toMatchObject({
      status: 500,
      body: { error: expect.stringMatching(/not external/) as string },
    });
    expect(await send(toWorkchain(5))).toMatchObject({
      status: 500,
      body: { error: expect.stringMatching(/workchain/) as string },
    });
    // The same to workchain 0 gets as far as its account, which has nothing to pay with.
    expect(await send(toWorkchain(0))).toMatchObject({
      status: 500,
      body: { error: expect.stringMatching(/cannot apply external message/) as string },
    });
  });

  test.each([
    ['an unknown key', { address: ADDRESS, amount: '1', note: 'x' }],
    ['no amount', { address: ADDRESS }],
    ['an amount of zero', { address: ADDRESS, amount: '0' }],
    ['a fraction', { address: ADDRESS, amount: '1.5' }],
    [
      'more than the faucet gives',
      { address: ADDRESS, amount: (DEVNET_LIMITS.faucetMaxNano + 1n).toString() },
    ],
    ['a wrong address', { address: 'me', amount: '1' }],
  ])('faucet refuses %s', async (_what, body) => {
    expect(await postJson(`${devnet.url}/faucet`, body)).toMatchObject({
      status: 422,
      body: { ok: false, code: 422 },
    });
  });

  test('faucet gives one nanoton, and the most it may', async () => {
    const rich = new Address(0, Buffer.alloc(32, 2)).toString();
    expect((await postJson(`${devnet.url}/faucet`, { address: rich, amount: '1' })).status).toBe(200);
    const most = DEVNET_LIMITS.faucetMaxNano.toString();
    expect((await postJson(`${devnet.url}/faucet`, { address: rich, amount: most })).status).toBe(200);
    const { body } = await rpc(devnet, 'getAddressBalance', { address: rich });
    expect(body['result']).toBe((DEVNET_LIMITS.faucetMaxNano + 1n).toString());
  });

  test.each([
    ['an unknown order', { rewind: 5 }],
    ['two orders at once', { advance: 1, freeze: true }],
    ['a negative advance', { advance: -1 }],
    ['text', { advance: '1' }],
    ['malformed JSON', '{'],
  ])('clock refuses %s', async (_what, body) => {
    const { status } = await postJson(`${devnet.url}/clock`, body);
    expect([400, 422]).toContain(status);
  });

  test('unknown paths and methods are refused in the same form', async () => {
    const response = await fetch(`${devnet.url}/nothing`);
    expect({ status: response.status, body: await response.json() }).toEqual({
      status: 404,
      body: { ok: false, error: 'Not Found', code: 404 },
    });
  });

  test.each([
    ['its headers', 'POST /api/v2/jsonRPC HTTP/1.1\r\nhost: x\r\n'],
    [
      'its body',
      'POST /api/v2/jsonRPC HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{',
    ],
  ])('a sender that never finishes %s is cut off, and others are served meanwhile', async (_what, text) => {
    const { port, hostname } = new URL(impatient.url);
    const socket = connect(Number(port), hostname);
    let reply = '';
    socket.on('data', (chunk: Buffer) => (reply += chunk.toString()));
    socket.write(text);
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    expect((await fetch(`${impatient.url}/healthz`)).status).toBe(200);
    await closed;
    expect(reply).toMatch(/^HTTP\/1\.1 408/);
  });
});
