/** One answer for several readers: it is asked for once, kept as it comes, and read from its beginning by each. */
export interface Recording {
  /** Rejects with what the asking rejected with, or with the signal's reason. */
  read(signal: AbortSignal): Promise<Response>;
  /** Keeps no more than readers on their way still need; nobody new may read. */
  release(): void;
}

interface RecordingEvents {
  /** So many bytes more are kept; fewer, where it is negative. */
  kept(bytes: number): void;
  /** The last reader left before the end, which ends the asking. `handedOut`: something of the answer had reached one. */
  abandoned(handedOut: boolean): void;
}

interface Head {
  status: number;
  headers: Headers;
  source: ReadableStreamDefaultReader<Uint8Array> | null;
}

/** `ask` runs at once; its signal is aborted when no reader is left before the end. */
export function createRecording(
  ask: (signal: AbortSignal) => Promise<Response>,
  on: RecordingEvents,
): Recording {
  const asking = new AbortController();
  const readers = new Set<{ at: number }>();
  let chunks: Uint8Array[] = [];
  /** Chunks before the first that is kept. */
  let dropped = 0;
  let ended = false;
  let failure: unknown = null;
  let handedOut = false;
  let released = false;
  let reads = 0;
  let reading: Promise<void> | null = null;

  const readOne = async ({ source }: Head): Promise<void> => {
    try {
      const next = await source?.read();
      if (!next || next.done) ended = true;
      else {
        chunks.push(next.value);
        on.kept(next.value.length);
      }
    } catch (error) {
      failure = error ?? new Error('the answer broke off');
      ended = true;
    }
  };
  const more = (head: Head): Promise<void> => (reading ??= readOne(head).finally(() => (reading = null)));

  const begin = async (): Promise<Head> => {
    const { status, headers, body } = await ask(asking.signal);
    const head = { status, headers, source: body?.getReader() ?? null };
    // What is whole is paid for: it is kept even when its reader is gone by now.
    if (!isStream(headers)) while (!ended) await more(head);
    return head;
  };
  const head = begin();
  head.catch(() => undefined);

  const trim = (): void => {
    const first = Math.min(dropped + chunks.length, ...[...readers].map(({ at }) => at));
    const gone = chunks.slice(0, first - dropped);
    chunks = chunks.slice(gone.length);
    dropped = first;
    on.kept(-gone.reduce((sum, { length }) => sum + length, 0));
  };

  const leave = (reader: { at: number }): void => {
    if (!readers.delete(reader)) return;
    if (readers.size > 0 || ended) return;
    ended = true;
    asking.abort();
    head.then(({ source }) => source?.cancel()).catch(() => undefined);
    on.abandoned(handedOut);
  };

  const bodyFor = (from: Head, reader: { at: number }, signal: AbortSignal): ReadableStream<Uint8Array> => {
    let onAbort: () => void;
    const done = (): void => {
      signal.removeEventListener('abort', onAbort);
      leave(reader);
    };
    return new ReadableStream<Uint8Array>(
      {
        start(controller) {
          onAbort = () => {
            done();
            controller.error(signal.reason);
          };
          signal.addEventListener('abort', onAbort, { once: true });
        },
        async pull(controller) {
          while (reader.at >= dropped + chunks.length && !ended) await more(from);
          if (!readers.has(reader)) return;
          const chunk = chunks[reader.at - dropped];
          if (chunk) {
            reader.at += 1;
            handedOut = true;
            controller.enqueue(chunk);
            if (released) trim();
            return;
          }
          done();
          if (failure !== null) controller.error(failure);
          else controller.close();
        },
        cancel: done,
      },
      { highWaterMark: 0 },
    );
  };

  return {
    async read(signal) {
      signal.throwIfAborted();
      const reader = { at: 0 };
      const isFirst = reads++ === 0;
      readers.add(reader);
      let from: Head;
      try {
        from = await unlessAborted(head, signal);
      } catch (error) {
        leave(reader);
        throw error;
      }
      const headers = new Headers(from.headers);
      if (!isFirst) headers.set('idempotent-replayed', 'true');
      return new Response(bodyFor(from, reader, signal), { status: from.status, headers });
    },
    release() {
      released = true;
      trim();
    },
  };
}

function isStream(headers: Headers): boolean {
  return (headers.get('content-type') ?? '').startsWith('text/event-stream');
}

function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
