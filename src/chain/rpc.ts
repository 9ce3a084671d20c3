import type { z } from 'zod';
import { CocoonError } from '../protocol/errors';
import { createGate } from './gate';
import { CHAIN_LIMITS } from './limits';

export interface RpcConfig {
  /** A toncenter-compatible JSON-RPC URL, for example `https://toncenter.com/api/v2/jsonRPC`. */
  endpoint: string;
  apiKey?: string | undefined;
  timeoutMs?: number | undefined;
  attempts?: number | undefined;
}

export interface RpcDeps {
  fetch?: typeof fetch | undefined;
  /** Waits between attempts; a test passes one that does not. */
  sleep?: ((ms: number) => Promise<void>) | undefined;
  /** 0 to 1, for the jitter. */
  random?: (() => number) | undefined;
}

export interface Rpc {
  /** Calls a method; throws CocoonError `chain_unavailable`, or `chain_refused` when the chain gave a reason. */
  call<S extends z.ZodType>(
    method: string,
    parameters: Record<string, unknown>,
    reply: S,
  ): Promise<z.output<S>>;
}

/** A reply that says why, as opposed to a server that could not answer. */
interface Refusal {
  status: number;
  error: string;
}

type Outcome = { ok: true; result: unknown } | { ok: false; refusal: Refusal; again: boolean };

/**
 * JSON-RPC over fetch, with bounded retries. Sending is safe to repeat: a message is known by its hash and spends its
 * sequence number once.
 */
export function createRpc(config: RpcConfig, deps: RpcDeps = {}): Rpc {
  const send = deps.fetch ?? fetch;
  const sleep = deps.sleep ?? ((ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms)));
  const random = deps.random ?? Math.random;
  const attempts = config.attempts ?? CHAIN_LIMITS.attempts;
  const gate = createGate(CHAIN_LIMITS.requestsAtOnce);
  const headers = {
    'content-type': 'application/json',
    ...(config.apiKey ? { 'x-api-key': config.apiKey } : {}),
  };

  async function attempt(body: string): Promise<Outcome> {
    const response = await send(config.endpoint, {
      method: 'POST',
      headers,
      body,
      signal: AbortSignal.timeout(config.timeoutMs ?? CHAIN_LIMITS.requestTimeoutMs),
    });
    const text = await response.text();
    if (text.length > CHAIN_LIMITS.replyMaxBytes) throw new RangeError('the reply is too large');
    return readReply(response.status, text);
  }

  return {
    async call(method, parameters, reply) {
      const body = JSON.stringify({ jsonrpc: '2.0', id: '1', method, params: parameters });
      let trouble: unknown;
      for (let n = 0; n < attempts; n++) {
        if (n > 0) await sleep(backoffMs(n, random()));
        let outcome: Outcome;
        try {
          outcome = await gate(() => attempt(body));
        } catch (error) {
          trouble = error;
          continue;
        }
        if (outcome.ok) return parseResult(method, outcome.result, reply);
        if (!outcome.again) throw refused(method, outcome.refusal);
        trouble = new Error(outcome.refusal.error);
      }
      throw new CocoonError('chain_unavailable', `The TON endpoint did not answer ${method}.`, {
        cause: trouble,
      });
    },
  };
}

function readReply(status: number, text: string): Outcome {
  let reply: unknown;
  try {
    reply = JSON.parse(text);
  } catch {
    // A proxy's page instead of an answer.
    return { ok: false, refusal: { status, error: `HTTP ${status}` }, again: true };
  }
  const { ok, result, error } = (reply ?? {}) as { ok?: unknown; result?: unknown; error?: unknown };
  if (status === 200 && ok === true) return { ok: true, result };
  const refusal = { status, error: typeof error === 'string' ? error.slice(0, 500) : `HTTP ${status}` };
  return { ok: false, refusal, again: isTemporary(refusal) };
}

/** A liteserver's verdict on a message comes with status 500 too, and will not change by asking again. */
function isTemporary({ status, error }: Refusal): boolean {
  if (/cannot apply external message|not accepted|Failed to unpack account state/i.test(error)) return false;
  return status === 429 || status >= 500;
}

function refused(method: string, { status, error }: Refusal): CocoonError {
  return new CocoonError('chain_refused', `The chain refused ${method} (${status}): ${error}.`);
}

function parseResult<S extends z.ZodType>(method: string, result: unknown, reply: S): z.output<S> {
  const parsed = reply.safeParse(result);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0]!;
  throw new CocoonError(
    'chain_unavailable',
    `The TON endpoint answered ${method} in an unknown form (${issue.path.join('.')}: ${issue.message}).`,
  );
}

function backoffMs(attempt: number, random: number): number {
  const full = Math.min(CHAIN_LIMITS.backoffMaxMs, CHAIN_LIMITS.backoffMinMs * 2 ** (attempt - 1));
  return full * (0.5 + random / 2);
}
