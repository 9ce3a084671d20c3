import type { IncomingMessage } from 'node:http';
import { CocoonError } from '../../protocol/errors';
import type { Admission, Visitor } from './admission';
import { leftNano } from './keys/keyTypes';
import { refuseCompression } from './requestChecks';
import { sendAnswer, type Exchange } from './send';
import type { GatewayClient } from './types';
import type { Uploads } from './upload';

/** Headers that mean something to the client; all else ends here. */
const KEPT = ['content-type', 'idempotency-key', 'accept'] as const;

/** Hands a request to the client and its answer back. Whoever hangs up, at whatever time, ends the job. */
export async function forward(
  exchange: Exchange,
  target: { path: string; query: string },
  deps: { admission: Admission; client: GatewayClient; uploads: Uploads },
): Promise<void> {
  const { request, response } = exchange;
  const visitor = deps.admission.admit(request);
  const rate = deps.admission.count(visitor);
  for (const [name, value] of Object.entries(rate.headers)) response.setHeader(name, value);
  if (!rate.allowed) throw new CocoonError('rate_limit_exceeded', 'The key has used up its rate.');
  refuseCompression(request);
  if (request.method === 'POST') refuseSpent(visitor);

  const body = deps.uploads.bodyOf(request);
  if (body && request.headers.expect !== undefined) response.writeContinue();
  const gone = new AbortController();
  response.on('close', () => gone.abort());
  const { caller } = visitor;
  const fetch = caller ? deps.client.fetchAs(caller) : deps.client.fetch;
  const answer = await fetch(`http://gateway.invalid${target.path}${target.query}`, {
    method: request.method === 'HEAD' ? 'GET' : (request.method ?? 'GET'),
    headers: keptHeaders(request),
    signal: gone.signal,
    ...(body ? { body, duplex: 'half' } : {}),
  });
  await sendAnswer(exchange, answer);
}

/** Nothing left is known before anything is chosen, sealed or allocated. */
function refuseSpent({ key, spending }: Visitor): void {
  const spent = spending();
  if (key && spent && leftNano(key, spent) === 0n) {
    throw new CocoonError('key_limit_reached', "The key's limit is used up.");
  }
}

function keptHeaders(request: IncomingMessage): Record<string, string> {
  const kept: Record<string, string> = {};
  for (const name of KEPT) {
    const value = request.headers[name];
    if (typeof value === 'string') kept[name] = value;
  }
  return kept;
}
