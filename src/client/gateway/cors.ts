import type { IncomingMessage } from 'node:http';
import { RESPONSE_HEADERS } from './openapi/headers';

/**
 * What OpenAI's SDKs send beyond what any page may. A star would not do: it does not cover `authorization`, and it
 * covers nothing at all once credentials are sent.
 */
const REQUEST_HEADERS: readonly string[] = [
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

const PREFLIGHT_SECONDS = '600';

/** What every answer to a page carries that may call, errors included; nothing for any other. */
export function corsHeaders(request: IncomingMessage, origins: readonly string[]): Record<string, string> {
  const { origin } = request.headers;
  if (origin === undefined || !(origins.includes(origin) || origins.includes('*'))) return {};
  return {
    'access-control-allow-origin': origin,
    'access-control-expose-headers': Object.keys(RESPONSE_HEADERS).join(', '),
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
