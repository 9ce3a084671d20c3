import type { IncomingMessage } from 'node:http';
import { CocoonError } from '../../protocol/errors';

/** Headers of which two would leave it open which one counts: what one program skips, the next may obey. */
const SINGLE: readonly string[] = [
  'authorization',
  'content-encoding',
  'content-length',
  'content-type',
  'expect',
  'host',
  'idempotency-key',
  'origin',
  'transfer-encoding',
];

/** Throws CocoonError `invalid_request` for a request whose end or meaning two readers could see differently. */
export function refuseAmbiguity(request: IncomingMessage): void {
  const seen = new Set<string>();
  for (let at = 0; at < request.rawHeaders.length; at += 2) {
    const name = request.rawHeaders[at]!.toLowerCase();
    if (seen.has(name) && SINGLE.includes(name)) {
      throw new CocoonError('invalid_request', `The header ${name} came twice.`);
    }
    seen.add(name);
  }
  const coding = request.headers['transfer-encoding'];
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') {
    throw new CocoonError(
      'invalid_request',
      'Send the body chunked or with its length, not otherwise coded.',
    );
  }
}

/** Throws CocoonError `unsupported_media_type`: a compressed body would have to be unpacked before it can be sealed. */
export function refuseCompression(request: IncomingMessage): void {
  const coding = request.headers['content-encoding'] ?? 'identity';
  if (coding.toLowerCase() !== 'identity') {
    throw new CocoonError('unsupported_media_type', `Send the body as it is, not as ${coding}.`, {
      remedy: 'Switch compression of requests off.',
    });
  }
}

/** A name that an attacker points at the loopback would let his page pass for a program of this machine. */
export function refuseStrangers(request: IncomingMessage): void {
  const name = (request.headers.host ?? '').replace(/:\d+$/, '').replace(/^\[(.*)\]$/, '$1');
  if (!isLoopback(name)) throw new CocoonError('invalid_api_key', `The gateway is not called ${name}.`);
}

export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** The path without its query. Throws CocoonError `invalid_request` for a whole URL, as a proxy would be asked. */
export function targetOf(request: IncomingMessage): { path: string; query: string } {
  const target = request.url ?? '/';
  if (!target.startsWith('/')) throw new CocoonError('invalid_request', 'Send a path, not a whole URL.');
  const at = target.indexOf('?');
  return at < 0 ? { path: target, query: '' } : { path: target.slice(0, at), query: target.slice(at) };
}
