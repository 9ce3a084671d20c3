import { CollateralError, reasonOf } from './errors';
import type { CollateralLimits } from './limits';

export interface HttpDeps {
  fetch: typeof fetch;
  /** Waits between tries; a test passes one that does not. */
  sleep: (ms: number) => Promise<void>;
  limits: CollateralLimits;
}

export interface Answer {
  body: Uint8Array;
  headers: Headers;
}

/**
 * GET with bounds on time, size and tries. Throws CollateralError `collateral_unreachable` after the last try, or
 * `collateral_refused` at once where the server knows its answer (status 4xx but 408 and 429).
 */
export async function get(url: string, maxBytes: number, deps: HttpDeps): Promise<Answer> {
  const { attempts, retryDelayMs } = deps.limits;
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryOnce(url, maxBytes, deps);
    } catch (error) {
      if (error instanceof CollateralError && error.code === 'collateral_refused') throw error;
      if (attempt >= attempts) {
        throw new CollateralError('collateral_unreachable', `${url}: ${reasonOf(error)}`, { cause: error });
      }
      await deps.sleep(retryDelayMs * 2 ** (attempt - 1));
    }
  }
}

async function tryOnce(url: string, maxBytes: number, { fetch, limits }: HttpDeps): Promise<Answer> {
  const response = await fetch(url, { signal: AbortSignal.timeout(limits.requestTimeoutMs) });
  if (response.status !== 200) {
    await response.body?.cancel();
    const message = `${url} answers with status ${response.status}`;
    const known = response.status >= 400 && response.status < 500 && ![408, 429].includes(response.status);
    throw known ? new CollateralError('collateral_refused', message) : new Error(message);
  }
  return { body: await readBounded(response, maxBytes), headers: response.headers };
}

async function readBounded(response: Response, maxBytes: number): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    const bytes = part as Uint8Array;
    size += bytes.length;
    // Leaving the loop cancels the rest.
    if (size > maxBytes) throw new Error(`the answer is longer than ${maxBytes} bytes`);
    parts.push(bytes);
  }
  return new Uint8Array(Buffer.concat(parts));
}
