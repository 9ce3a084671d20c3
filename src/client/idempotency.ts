import { CocoonError } from '../protocol/errors';
import { sha256 } from '../protocol/hash';
import { CLIENT_LIMITS } from './limits';

interface Answer {
  status: number;
  headers: [string, string][];
  body: Buffer;
}

type Entry = { bodyHash: string; answer: Promise<Answer> | null };

/**
 * A request that repeats an `Idempotency-Key` is answered with what the first one got, and costs nothing. A stream is
 * handed out once: repeating its key is a conflict. An attempt that failed may be repeated.
 */
export function createIdempotency(): {
  run(key: string | null, body: Buffer, stream: boolean, serve: () => Promise<Response>): Promise<Response>;
} {
  const entries = new Map<string, Entry>();

  const remember = (key: string, entry: Entry): void => {
    if (entries.size >= CLIENT_LIMITS.idempotencyKeys) entries.delete(entries.keys().next().value!);
    entries.set(key, entry);
  };

  return {
    async run(key, body, stream, serve) {
      if (key === null) return serve();
      const bodyHash = sha256(body).toString('base64');
      const known = entries.get(key);
      if (known && (known.bodyHash !== bodyHash || !known.answer)) {
        throw new CocoonError('idempotency_conflict', 'This Idempotency-Key was used before.');
      }
      if (known?.answer) return replay(await known.answer);

      const answer = stream ? null : serve().then(keep);
      const entry: Entry = { bodyHash, answer };
      remember(key, entry);
      try {
        return answer ? replay(await answer) : await serve();
      } catch (error) {
        if (entries.get(key) === entry) entries.delete(key);
        throw error;
      }
    },
  };
}

async function keep(response: Response): Promise<Answer> {
  return {
    status: response.status,
    headers: [...response.headers],
    body: Buffer.from(await response.arrayBuffer()),
  };
}

function replay({ status, headers, body }: Answer): Response {
  return new Response(new Uint8Array(body), { status, headers });
}
