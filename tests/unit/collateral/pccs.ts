import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Collateral } from '../../../src/attestation/collateral';

/** A caching service of a data centre on loopback, with the addresses, headers and bodies of Intel's API. */
export interface Pccs {
  url: string;
  /** Paths that were asked for, in order, without their queries. */
  asked: string[];
  /** What it serves from now on. */
  serve(collateral: Collateral): void;
  /** Changes the answer to requests whose path ends with `path`; `null` gives none at all. */
  twist(path: string, answer: Twist | null): void;
  close(): Promise<void>;
}

export interface Reply {
  status: number;
  headers: Record<string, string>;
  body: string | Buffer;
}
export type Twist = (reply: Reply) => Reply;

export async function startPccs(first: Collateral): Promise<Pccs> {
  let collateral = first;
  const asked: string[] = [];
  const twists = new Map<string, Twist | null>();

  const server = createServer((request: IncomingMessage, response: ServerResponse) => {
    const { pathname, searchParams } = new URL(request.url!, 'http://pccs');
    asked.push(pathname);
    const twist = [...twists].find(([path]) => pathname.endsWith(path))?.[1];
    if (twist === null) return request.socket.destroy();
    const reply = answer(pathname, searchParams, collateral);
    const { status, headers, body } = twist?.(reply) ?? reply;
    response.writeHead(status, headers).end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    serve: (next) => (collateral = next),
    twist: (path, change) => twists.set(path, change),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function answer(path: string, query: URLSearchParams, collateral: Collateral): Reply {
  const ok = (body: string | Buffer, header?: [string, string]): Reply => ({
    status: 200,
    headers: header ? { [header[0]]: encodeURIComponent(header[1]) } : {},
    body,
  });
  const { fmspc } = JSON.parse(collateral.tcb_info) as { fmspc: string };
  switch (path) {
    case '/tdx/certification/v4/tcb':
      if (query.get('fmspc') !== fmspc.toLowerCase()) return { status: 404, headers: {}, body: '' };
      return ok(`{"tcbInfo":${collateral.tcb_info},"signature":"${collateral.tcb_info_signature}"}`, [
        'TCB-Info-Issuer-Chain',
        collateral.tcb_info_issuer_chain,
      ]);
    case '/tdx/certification/v4/qe/identity':
      return ok(
        `{"enclaveIdentity":${collateral.qe_identity},"signature":"${collateral.qe_identity_signature}"}`,
        ['SGX-Enclave-Identity-Issuer-Chain', collateral.qe_identity_issuer_chain],
      );
    case '/sgx/certification/v4/pckcrl':
      return ok(Buffer.from(collateral.pck_crl, 'hex'), [
        'SGX-PCK-CRL-Issuer-Chain',
        collateral.pck_crl_issuer_chain,
      ]);
    case '/sgx/certification/v4/rootcacrl':
      return ok(collateral.root_ca_crl);
    default:
      return { status: 404, headers: {}, body: '' };
  }
}
