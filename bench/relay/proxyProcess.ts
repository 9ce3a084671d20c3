import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { reportTo } from './process';

/** The least that a relay can do with Node's own modules: pipe there, pipe back. Argument: the upstream URL. */
const upstream = new URL(process.argv[2]!);
const agent = new Agent({ keepAlive: true, noDelay: true });

const server = createServer((incoming, outgoing) => {
  const { hostname, port } = upstream;
  const { method, headers, url: path } = incoming;
  const forwarded = request({ agent, hostname, port, method, path, headers }, (answer) => {
    outgoing.writeHead(answer.statusCode!, answer.headers);
    answer.pipe(outgoing);
  });
  forwarded.on('error', () => outgoing.destroy());
  incoming.pipe(forwarded);
});
server.listen(0, '127.0.0.1', () => reportTo(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
