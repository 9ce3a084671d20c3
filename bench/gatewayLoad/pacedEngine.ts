import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { readAll } from '../wholePath/stampedEngine';

/** An engine that streams events at an even pace, each with the time at which it left: by this process's clock. */
export interface PacedEngine {
  url: string;
  close(): Promise<void>;
}

export const PACED_MODEL = 'paced';
const PROMPT_TOKENS = 3;

export async function startPacedEngine(events: number, paceMs: number): Promise<PacedEngine> {
  const server = createServer((request, response) => {
    answer().catch(() => response.destroy());

    async function answer(): Promise<void> {
      const body = (await readAll(request)).toString('utf8');
      if (request.url === '/v1/models')
        return sendJson(response, { object: 'list', data: [{ id: PACED_MODEL }] });
      const { stream } = JSON.parse(body) as { stream?: boolean };
      if (!stream) {
        const message = { role: 'assistant', content: '0' };
        return sendJson(
          response,
          chunk({ choices: [{ index: 0, message, finish_reason: 'stop' }], usage: usageOf(1) }),
        );
      }
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      await pace(response, events, paceMs);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function pace(response: ServerResponse, events: number, paceMs: number): Promise<void> {
  const send = (fields: object): boolean => response.write(`data: ${JSON.stringify(chunk(fields))}\n\n`);
  for (let n = 0; n < events; n++) {
    await new Promise((resolve) => setTimeout(resolve, paceMs));
    const content = `${n}@${performance.now()} `;
    send({ choices: [{ index: 0, delta: { content }, finish_reason: n === events - 1 ? 'stop' : null }] });
  }
  send({ choices: [], usage: usageOf(events) });
  response.end('data: [DONE]\n\n');
}

function chunk(fields: object): object {
  return { id: 'c', object: 'chat.completion.chunk', created: 1, model: PACED_MODEL, ...fields };
}

function usageOf(completion: number): object {
  const total = PROMPT_TOKENS + completion;
  return { prompt_tokens: PROMPT_TOKENS, completion_tokens: completion, total_tokens: total };
}

function sendJson(response: ServerResponse, body: object): void {
  response.setHeader('content-type', 'application/json');
  response.end(JSON.stringify(body));
}
