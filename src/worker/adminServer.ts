import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Metrics } from './metrics';

/** Health and metrics for this machine alone. */
export interface AdminServer {
  readonly port: number;
  close(): Promise<void>;
}

export async function startAdminServer(
  port: number,
  deps: { metrics: Metrics; status: () => { ready: boolean } },
): Promise<AdminServer> {
  const server = createServer((request, response) => {
    const path = request.url ?? '';
    if (path === '/metrics') {
      void deps.metrics
        .text()
        .then((text) => response.writeHead(200, { 'content-type': 'text/plain' }).end(text));
      return;
    }
    const status = deps.status();
    const code = path === '/healthz' ? 200 : path === '/readyz' ? (status.ready ? 200 : 503) : 404;
    response.writeHead(code, { 'content-type': 'application/json' });
    response.end(JSON.stringify(code === 404 ? { error: 'no such path' } : status));
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
