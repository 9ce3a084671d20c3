import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** An engine that streams numbers, one per call of `beat` to every stream that runs. */
export interface HeldEngine {
  url: string;
  /** Streams that run now. */
  running(): number;
  /** Resolves when so many run. */
  untilRunning(count: number): Promise<void>;
  /** The next number to each stream; with `last`, usage and the end as well. */
  beat(last?: boolean): void;
  close(): Promise<void>;
}

const MODEL = 'numbers';
const PROMPT_TOKENS = 3;

export async function startHeldEngine(): Promise<HeldEngine> {
  const streams = new Map<ServerResponse, { sent: number }>();
  const waiting = new Set<() => void>();
  const changed = (): void => {
    for (const look of [...waiting]) look();
  };
  const send = (response: ServerResponse, fields: object): void => {
    const head = { id: 'c', object: 'chat.completion.chunk', created: 1, model: MODEL };
    response.write(`data: ${JSON.stringify({ ...head, ...fields })}\n\n`);
  };

  const server = createServer((request, response) => {
    if (request.url === '/v1/models') {
      response.setHeader('content-type', 'application/json');
      return void response.end(
        JSON.stringify({ object: 'list', data: [{ id: MODEL, max_model_len: 1_024 }] }),
      );
    }
    let text = '';
    request.on('data', (part: Buffer) => (text += part.toString()));
    request.on('end', () => {
      const { stream } = JSON.parse(text) as { stream?: boolean };
      if (!stream) return void response.writeHead(200, { 'content-type': 'application/json' }).end(whole());
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      response.flushHeaders();
      streams.set(response, { sent: 0 });
      changed();
    });
    response.on('close', () => {
      streams.delete(response);
      changed();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    running: () => streams.size,
    untilRunning: (count) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (streams.size !== count) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
    beat(last = false) {
      for (const [response, state] of streams) {
        const choice = {
          index: 0,
          delta: { content: `${state.sent} ` },
          finish_reason: last ? 'stop' : null,
        };
        send(response, { choices: [choice] });
        state.sent += 1;
        if (!last) continue;
        send(response, { choices: [], usage: usageOf(state.sent) });
        response.end('data: [DONE]\n\n');
      }
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

function usageOf(completion: number): object {
  const total = PROMPT_TOKENS + completion;
  return { prompt_tokens: PROMPT_TOKENS, completion_tokens: completion, total_tokens: total };
}

/** What the worker asks to see whether the engine lives. */
function whole(): string {
  const choice = { index: 0, message: { role: 'assistant', content: '0' }, finish_reason: 'stop' };
  return JSON.stringify({
    id: 'c',
    object: 'chat.completion',
    created: 1,
    model: MODEL,
    choices: [choice],
    usage: usageOf(1),
  });
}
