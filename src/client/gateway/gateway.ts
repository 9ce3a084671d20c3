import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { CocoonError } from '../../protocol/errors';
import { GATEWAY_LIMITS } from '../limits';
import { toCocoonError } from '../respond';
import { createAdmission } from './admission';
import { corsHeaders, preflightHeaders } from './cors';
import { forward } from './forward';
import { openKeyBooks, type KeyBooks } from './keys/keyBooks';
import { createListener } from './listener';
import { isLoopback, refuseAmbiguity, refuseStrangers, targetOf } from './requestChecks';
import { ownRoute } from './routes';
import { sendError, sendJson, type Exchange } from './send';
import type { Gateway, GatewayClient, GatewayConfig, GatewayLimits } from './types';
import { createUploads } from './upload';

/** The system's clocks, and keys in memory, where nothing else is given. */
export interface GatewayDeps {
  keys?: KeyBooks;
  nowUnix?: () => number;
  nowMs?: () => number;
  /** Told of faults of this program, which callers see only as `internal`. For logs. */
  onFault?: (error: CocoonError) => void;
}

/**
 * OpenAI's API on this machine, for every language: a shell around `client.fetch` that minds HTTP's manners, tells
 * callers apart by their keys and bounds what they spend. Throws CocoonError `invalid_request` when it would listen
 * to strangers without keys.
 */
export function createGateway(client: GatewayClient, config: GatewayConfig, deps: GatewayDeps = {}): Gateway {
  const { nowUnix = () => Date.now() / 1_000, nowMs = () => performance.now() } = deps;
  const limits: GatewayLimits = { ...GATEWAY_LIMITS, ...config.limits };
  const host = config.host ?? '127.0.0.1';
  const origins = config.corsOrigins ?? [];
  const books = deps.keys ?? openKeyBooks(null, nowUnix);
  const admission = createAdmission(config.apiKeys ?? [], { books, client, nowUnix, nowMs });
  if (!admission.needsKey() && (!isLoopback(host) || origins.includes('*'))) {
    throw new CocoonError(
      'invalid_request',
      'The gateway needs API keys for anybody but programs of this machine.',
      {
        remedy:
          'Issue one (`cocoon key create`), or listen on 127.0.0.1 and name the web pages that may call.',
      },
    );
  }
  const uploads = createUploads(limits);
  let draining = false;
  let running = 0;
  let closing: Promise<void> | null = null;

  const handle = async (exchange: Exchange): Promise<void> => {
    const { request, response } = exchange;
    const common = { ...corsHeaders(request, origins), 'x-request-id': randomUUID() };
    for (const [name, value] of Object.entries(common)) response.setHeader(name, value);
    if (config.simulated) response.setHeader('x-cocoon-simulated', 'true');
    refuseAmbiguity(request);
    if (!admission.needsKey()) refuseStrangers(request);
    if (request.method === 'OPTIONS') return void response.writeHead(204, preflightHeaders(request)).end();
    const target = targetOf(request);
    if (target.path === '/healthz') return sendJson(exchange, draining ? 503 : 200, { ok: !draining });
    if (draining) throw new CocoonError('draining', 'The gateway is shutting down.');
    if (running > limits.requests) throw new CocoonError('rate_limited', 'Too many requests run at once.');
    const own = ownRoute(target.path, request.method ?? '', { admission, client });
    if (own) return sendJson(exchange, 200, await own(request));
    await forward(exchange, target, { admission, client, uploads });
  };

  const listener = createListener(limits, (request: IncomingMessage, response: ServerResponse) => {
    const exchange = { request, response, limits };
    running += 1;
    handle(exchange)
      .catch((error: unknown) => {
        const named = toCocoonError(error);
        if (named.code === 'internal' && !response.destroyed) deps.onFault?.(named);
        return sendError(exchange, named);
      })
      // The answer could not be sent: nobody is there to be told.
      .catch(() => response.destroy())
      .finally(() => {
        running -= 1;
        uploads.release(request);
      });
  });

  return {
    listen: () => listener.listen(config.port, host),
    close() {
      draining = true;
      return (closing ??= listener.close().finally(() => {
        if (!deps.keys) books.close();
      }));
    },
  };
}
