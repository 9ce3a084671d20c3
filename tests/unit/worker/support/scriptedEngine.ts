import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface EngineCall {
  path: string;
  /** Of a form: its fields that are texts. */
  body: Record<string, unknown>;
  /** Of a form: its files. */
  files: Record<string, Buffer>;
  /** Resolves when the worker hung up on the engine. */
  closed: Promise<void>;
  response: ServerResponse;
}

/** An engine that answers what the test tells it to; by default like a model that says "hello". */
export interface ScriptedEngine {
  readonly url: string;
  readonly calls: EngineCall[];
  answer(script: (call: EngineCall) => void): void;
  /** How it answers a sound in which there is nothing; by default as if it had listened. */
  answerSilence(script: (call: EngineCall) => void): void;
  /** The default answer. */
  hello(call: EngineCall): void;
  say(call: EngineCall, text: string): void;
  close(): Promise<void>;
}

export const USAGE = { prompt_tokens: 7, completion_tokens: 5, total_tokens: 12 };

export async function startScriptedEngine(): Promise<ScriptedEngine> {
  const calls: EngineCall[] = [];
  let script = sayHello;
  let silence = sayHello;
  const server = createServer((request, response) => {
    void serve(request, response);
  });
  const serve = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    if (request.url === '/v1/models') {
      sendJson(response, 200, { object: 'list', data: [{ id: 'engine-tiny' }, { id: 'engine-ear' }] });
      return;
    }
    const parts: Buffer[] = [];
    for await (const bytes of request) parts.push(bytes as Buffer);
    const { body, files } = await read(Buffer.concat(parts), request.headers['content-type'] ?? '');
    const closed = new Promise<void>((resolve) => response.on('close', resolve));
    const call = { path: request.url ?? '', body, files, closed, response };
    // The canary is not what the tests are about.
    if (isSilence(files['file'])) return silence(call);
    if (JSON.stringify(body).includes('"Hi"')) return sayHello(call);
    calls.push(call);
    script(call);
  };
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    hello: sayHello,
    say: (call, text) => sendJson(call.response, 200, chatReply(text, USAGE)),
    answer(next) {
      script = next;
    },
    answerSilence(next) {
      silence = next;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function read(bytes: Buffer, type: string): Promise<Pick<EngineCall, 'body' | 'files'>> {
  if (!type.startsWith('multipart/')) {
    return { body: JSON.parse(bytes.toString('utf8')) as Record<string, unknown>, files: {} };
  }
  const body: EngineCall['body'] = {};
  const files: EngineCall['files'] = {};
  const form = await new Response(new Uint8Array(bytes), { headers: { 'content-type': type } }).formData();
  for (const [name, value] of form) {
    if (typeof value === 'string') body[name] = value;
    else files[name] = Buffer.from(await value.arrayBuffer());
  }
  return { body, files };
}

function isSilence(file: Buffer | undefined): boolean {
  return file !== undefined && file.subarray(44).every((byte) => byte === 0);
}

export function sayHello(call: EngineCall): void {
  if (call.body['stream'] === true) streamText(call, ['hel', 'lo'], USAGE);
  else sendJson(call.response, 200, chatReply('hello', USAGE));
}

export function chatReply(text: string, usage: object | null): object {
  const choices = [{ index: 0, message: { role: 'assistant', content: text }, finish_reason: 'stop' }];
  return { object: 'chat.completion', model: 'engine-tiny', choices, ...(usage ? { usage } : {}) };
}

export function streamText(call: EngineCall, pieces: string[], usage: object | null): void {
  startStream(call);
  for (const piece of pieces) sendPiece(call, piece);
  endStream(call, usage);
}

export function startStream(call: EngineCall): void {
  call.response.writeHead(200, { 'content-type': 'text/event-stream' });
}

export function sendPiece(call: EngineCall, content: string, usage?: object): void {
  const choices = [{ index: 0, delta: { content }, finish_reason: null }];
  sendEvent(call, {
    object: 'chat.completion.chunk',
    model: 'engine-tiny',
    choices,
    ...(usage ? { usage } : {}),
  });
}

export function endStream(call: EngineCall, usage: object | null): void {
  if (usage) sendEvent(call, { object: 'chat.completion.chunk', model: 'engine-tiny', choices: [], usage });
  call.response.end('data: [DONE]\n\n');
}

export function sendJson(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function sendEvent(call: EngineCall, body: object): void {
  call.response.write(`data: ${JSON.stringify(body)}\n\n`);
}
