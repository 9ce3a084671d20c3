import type { IncomingMessage } from 'node:http';

/**
 * What OpenAI's SDKs send beyond what any page may. A star would not do: it does not cover `authorization`, and it
 * covers nothing at all once credentials are sent.
 */
export const REQUEST_HEADERS: readonly string[] = [
  'accept',
  'authorization',
  'content-type',
  'idempotency-key',
  'openai-beta',
  'openai-organization',
  'openai-project',
  'user-agent',
  'x-request-id',
  'x-stainless-arch',
  'x-stainless-async',
  'x-stainless-custom-poll-interval',
  'x-stainless-helper-method',
  'x-stainless-lang',
  'x-stainless-os',
  'x-stainless-package-version',
  'x-stainless-poll-helper',
  'x-stainless-raw-response',
  'x-stainless-read-timeout',
  'x-stainless-retry-count',
  'x-stainless-runtime',
  'x-stainless-runtime-version',
  'x-stainless-timeout',
];

/** Headers of answers that a page may read; all that the gateway sets beyond HTTP's own. */
export const EXPOSED_HEADERS: readonly string[] = [
  'retry-after',
  'retry-after-ms',
  'x-cocoon-cost-nano',
  'x-cocoon-receipt-id',
  'x-cocoon-simulated',
  'x-cocoon-worker',
  'x-ratelimit-limit-requests',
  'x-ratelimit-remaining-requests',
  'x-ratelimit-reset-requests',
  'x-request-id',
  'x-should-retry',
];

const PREFLIGHT_SECONDS = '600';

/** What every answer to a page carries that may call, errors included; nothing for any other. */
export function corsHeaders(request: IncomingMessage, origins: readonly string[]): Record<string, string> {
  const { origin } = request.headers;
  if (origin === undefined || !(origins.includes(origin) || origins.includes('*'))) return {};
  return {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': EXPOSED_HEADERS.join(', '),
    vary: 'origin',
  };
}

/** The answer to OPTIONS: what may be sent. */
export function preflightHeaders(request: IncomingMessage): Record<string, string> {
  // A page of the public network asks for leave to reach a private address.
  const near = request.headers['access-control-request-private-network'] === 'true';
  return {
    allow: 'GET, HEAD, POST, OPTIONS',
    'access-control-allow-methods': 'GET, HEAD, POST, OPTIONS',
    'access-control-allow-headers': REQUEST_HEADERS.join(', '),
    'access-control-max-age': PREFLIGHT_SECONDS,
    ...(near ? { 'access-control-allow-private-network': 'true' } : {}),
  };
}
