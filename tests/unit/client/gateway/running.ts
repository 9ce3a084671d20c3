import { connect, type Socket } from 'node:net';
import { createGateway, type Gateway, type GatewayConfig } from '../../../../src/client';
import { openKeyBooks, type KeyBooks } from '../../../../src/client/gateway';
import { createNetwork, type Network, type NetworkOptions } from '../network/setup';

export interface Running extends Network {
  url: string;
  port: number;
  gateway: Gateway;
  keys: KeyBooks;
  stop(): Promise<void>;
}

const running: Running[] = [];

/** A gateway on a free port before the network in memory. Its keys' time is the network's clock. */
export async function startGateway(
  config: Partial<GatewayConfig> = {},
  options: NetworkOptions & { dataDir?: string } = {},
): Promise<Running> {
  const network = createNetwork(options);
  const { clock } = network;
  const keys = openKeyBooks(options.dataDir ?? null, clock.now);
  const gateway = createGateway(
    network.client,
    { port: 0, ...config },
    { keys, nowUnix: clock.now, nowMs: () => clock.now() * 1_000 },
  );
  const url = await gateway.listen();
  const stop = async (): Promise<void> => {
    await gateway.close();
    await network.client.close();
    keys.close();
  };
  const one = { ...network, url, port: Number(new URL(url).port), gateway, keys, stop };
  running.push(one);
  return one;
}

/** For `afterEach`. */
export async function stopGateways(): Promise<void> {
  await Promise.all(running.splice(0).map(({ stop }) => stop()));
}

export const post = (url: string, body: string, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${url}/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body,
  });

/** A connection by hand. */
export interface Raw {
  socket: Socket;
  write(bytes: string | Buffer): void;
  /** Resolves when what came back matches. */
  until(pattern: RegExp): Promise<string>;
  /** Everything that came, once the other side ended. Rejects when the connection is reset. */
  ended: Promise<string>;
}

export function rawConnection(port: number, first: string | Buffer = ''): Raw {
  const socket = connect(port, '127.0.0.1');
  const parts: Buffer[] = [];
  const text = (): string => Buffer.concat(parts).toString('latin1');
  const waiting = new Set<() => void>();
  socket.on('data', (data) => {
    parts.push(data);
    for (const look of waiting) look();
  });
  const ended = new Promise<string>((resolve, reject) => {
    socket.on('end', () => resolve(text()));
    socket.on('error', reject);
  });
  ended.catch(() => undefined);
  if (first.length > 0) socket.write(first);
  return {
    socket,
    write: (bytes) => void socket.write(bytes),
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          if (!pattern.test(text())) return;
          waiting.delete(look);
          resolve(text());
        };
        waiting.add(look);
        socket.once('close', () => reject(new Error(`the connection ended after: ${text()}`)));
        look();
      }),
    ended,
  };
}

/** Writes raw bytes and collects what comes back until the connection ends. */
export function raw(port: number, text: string | Buffer): Promise<string> {
  return rawConnection(port, text).ended;
}
