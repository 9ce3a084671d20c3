import { HELLO } from '../network/setup';
import { rawConnection, startGateway, stopGateways } from './running';

afterEach(stopGateways);

const BODY = JSON.stringify(HELLO);
const POST = `POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: ${BODY.length}\r\n\r\n`;

describe('a program that hangs up', () => {
  it('while it waits for a slot leaves the queue, and nothing was signed or reserved for it', async () => {
    const { port, router, client, clock, workers } = await startGateway();
    workers[0]!.slots = 1;
    clock.advance(60);
    let release: () => void = () => undefined;
    const reached = new Promise<void>((resolve) => {
      router.beforeJob = () => {
        resolve();
        return new Promise<void>((go) => (release = go));
      };
    });
    const first = rawConnection(port, POST + BODY);
    await reached;
    const waiting = rawConnection(port, POST + BODY);
    // It is in the queue: the gateway has taken all of it, and turns pass without a job.
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(router.received).toHaveLength(1);
    waiting.socket.destroy();
    router.beforeJob = null;
    release();
    await first.until(/"content":"Hello world"/);
    first.socket.destroy();
    for (let turn = 0; turn < 50; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(router.received).toHaveLength(1);
    expect((await client.money()).reservedNano).toBe(0n);
    expect(client.receipts(10)).toHaveLength(1);
  });

  it('during its upload has cost nothing, and nobody was asked', async () => {
    const { port, router, client, url } = await startGateway();
    const { socket } = rawConnection(port, POST + BODY.slice(0, -5));
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.end();
    await new Promise((resolve) => socket.once('close', resolve));
    expect((await fetch(`${url}/models`)).status).toBe(200);
    expect(router.received).toHaveLength(0);
    expect(client.receipts(10)).toHaveLength(0);
  });
});
