import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { claimJson, pageOf, parseCursor } from '../settle';
import type { Metrics } from './metrics';
import type { Settler } from './settler';

/** Health, metrics and money for this machine alone. */
export interface AdminServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface AdminDeps {
  metrics: Metrics;
  status: () => { ready: boolean };
  settler: Pick<Settler, 'held' | 'claims'>;
}

export async function startAdminServer(port: number, deps: AdminDeps): Promise<AdminServer> {
  const server = createServer((request, response) => {
    const [path = '', query = ''] = (request.url ?? '').split('?', 2);
    answer(path, new URLSearchParams(query), response, deps).catch(() => sendJson(response, 500, FAILED));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

const FAILED = { error: 'this cannot be told now' };

async function answer(
  path: string,
  query: URLSearchParams,
  response: ServerResponse,
  { metrics, status, settler }: AdminDeps,
): Promise<void> {
  switch (path) {
    case '/metrics':
      response.writeHead(200, { 'content-type': 'text/plain' }).end(await metrics.text());
      return;
    case '/healthz':
      return sendJson(response, 200, status());
    case '/readyz':
      return sendJson(response, status().ready ? 200 : 503, status());
    case '/claims':
      return sendJson(response, 200, { claims: settler.claims().map(claimJson) });
    case '/receipts': {
      const after = parseCursor(query.get('after'));
      if (after === undefined) return sendJson(response, 400, { error: 'after takes what next gave' });
      return sendJson(response, 200, pageOf(settler.held(), after));
    }
    default:
      return sendJson(response, 404, { error: 'no such path' });
  }
}

function sendJson(response: ServerResponse, code: number, body: object): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
