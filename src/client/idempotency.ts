import { CocoonError } from '../protocol/errors';
import { sha256 } from '../protocol/hash';
import { CLIENT_LIMITS } from './limits';
import { createRecording, type Recording } from './recording';

/** What names a request: the caller's word for it, and what it asks for. */
export interface RequestName {
  /** Whose key it is: another caller never sees the answer. */
  caller: string;
  /** The `Idempotency-Key`; null for a request without one. */
  key: string | null;
  /** Of path and body: the same key with another one is a conflict. */
  fingerprint: Buffer;
}

export interface Idempotency {
  /** The answer: a new one, or the one that this name has, also while it still comes. */
  run(
    name: RequestName,
    signal: AbortSignal,
    serve: (signal: AbortSignal) => Promise<Response>,
  ): Promise<Response>;
}

type BoundName = 'idempotencyKeys' | 'idempotencyKeyChars' | 'idempotencyAnswerBytes' | 'idempotencyBytes';

interface Entry {
  fingerprint: Buffer;
  /** Null when it is not kept any more. */
  recording: Recording | null;
  bytes: number;
  /** Why a repetition gets nothing. */
  gone: string;
}

const CUT = 'The answer of this Idempotency-Key was left in its middle; what had come of it was billed.';
const TOO_LONG = 'The answer of this Idempotency-Key is not kept any more.';

/**
 * Requests with an `Idempotency-Key` never pay twice: whoever repeats one, at the same time or later, reads the same
 * answer from its beginning, streams included. What failed, or was left before anything of it was handed out, costs
 * nothing and may be tried again. Memory is bounded: an answer that is dropped for it leaves its name behind, so that it
 * is refused, never run again.
 */
export function createIdempotency(limits: Readonly<Record<BoundName, number>> = CLIENT_LIMITS): Idempotency {
  const entries = new Map<string, Entry>();
  let total = 0;

  const drop = (entry: Entry, gone: string): void => {
    const { recording } = entry;
    entry.recording = null;
    entry.gone = gone;
    total -= entry.bytes;
    entry.bytes = 0;
    recording?.release();
  };
  const forget = (name: string, entry: Entry): void => {
    drop(entry, '');
    if (entries.get(name) === entry) entries.delete(name);
  };
  const kept = (entry: Entry, bytes: number): void => {
    if (!entry.recording) return;
    entry.bytes += bytes;
    total += bytes;
    if (entry.bytes > limits.idempotencyAnswerBytes) drop(entry, TOO_LONG);
    for (const oldest of entries.values()) {
      if (total <= limits.idempotencyBytes) break;
      drop(oldest, TOO_LONG);
    }
  };

  const begin = (name: string, fingerprint: Buffer, serve: Parameters<Idempotency['run']>[2]): Entry => {
    const entry: Entry = { fingerprint, recording: null, bytes: 0, gone: '' };
    const ask = async (signal: AbortSignal): Promise<Response> => {
      try {
        const answer = await serve(signal);
        if (answer.status >= 400) forget(name, entry);
        return answer;
      } catch (error) {
        forget(name, entry);
        throw error;
      }
    };
    entry.recording = createRecording(ask, {
      kept: (bytes) => kept(entry, bytes),
      abandoned: (handedOut) => (handedOut ? drop(entry, CUT) : forget(name, entry)),
    });
    if (entries.size >= limits.idempotencyKeys) {
      const [oldest] = entries;
      forget(...oldest!);
    }
    entries.set(name, entry);
    return entry;
  };

  return {
    run({ caller, key, fingerprint }, signal, serve) {
      if (key === null) return serve(signal);
      if (key.length === 0 || key.length > limits.idempotencyKeyChars) {
        throw new CocoonError(
          'invalid_request',
          `An Idempotency-Key has 1 to ${limits.idempotencyKeyChars} characters.`,
          { param: 'idempotency-key' },
        );
      }
      const name = sha256(Buffer.from(JSON.stringify([caller, key]))).toString('base64');
      const known = entries.get(name);
      if (known && !known.fingerprint.equals(fingerprint)) {
        throw new CocoonError('idempotency_conflict', 'This Idempotency-Key was used for another request.', {
          param: 'idempotency-key',
        });
      }
      const entry = known ?? begin(name, fingerprint, serve);
      if (entry.recording) return entry.recording.read(signal);
      throw new CocoonError('idempotency_conflict', entry.gone, { param: 'idempotency-key' });
    },
  };
}
