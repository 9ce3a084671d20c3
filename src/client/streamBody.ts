import type { CocoonError } from '../protocol/errors';
import type { JobCost, RunningJob } from './job';
import { toCocoonError } from './respond';
import { streamError } from './stream';
import { commonHeaders } from './wholeAnswer';

/** A streamed answer as a body: whoever leaves it ends the job, and what goes wrong in it is its last event. */
export function streamBody(
  answer: AsyncGenerator<Buffer, JobCost>,
  on: {
    signal: AbortSignal;
    finish: () => void;
    succeeded: () => void;
    failed: (error: CocoonError) => void;
  },
): ReadableStream<Uint8Array> {
  let ended = false;
  const end = (): void => {
    if (!ended) on.finish();
    ended = true;
  };
  return new ReadableStream<Uint8Array>({
    start(controller) {
      const onAbort = (): void => {
        if (!ended) controller.error(on.signal.reason);
        end();
      };
      if (on.signal.aborted) onAbort();
      on.signal.addEventListener('abort', onAbort, { once: true });
    },
    async pull(controller) {
      try {
        const next = await answer.next();
        if (ended) return;
        if (!next.done) {
          controller.enqueue(new Uint8Array(next.value));
          return;
        }
        on.succeeded();
      } catch (error) {
        if (ended) return;
        const named = toCocoonError(error);
        on.failed(named);
        controller.enqueue(new Uint8Array(streamError(named)));
      }
      end();
      controller.close();
    },
    cancel: end,
  });
}

export function streamHeaders(job: RunningJob): Record<string, string> {
  return {
    ...commonHeaders(job),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-cache',
  };
}
