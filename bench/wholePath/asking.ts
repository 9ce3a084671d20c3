import { request, type Agent, type IncomingMessage } from 'node:http';
import { createEventSplitter } from './events';
import { readAll } from './stampedEngine';

/** Somebody to ask over OpenAI's API. */
export interface Asked {
  /** With /v1. */
  url: string;
  key: string;
  agent: Agent;
}

/** Milliseconds until all of a JSON answer is there. Throws when it is none. */
export async function askForJson(asked: Asked, prompt: string, maxTokens: number): Promise<number> {
  const start = performance.now();
  const answer = await post(asked, body(prompt, maxTokens, false));
  const text = (await readAll(answer)).toString('utf8');
  const ms = performance.now() - start;
  if (answer.statusCode !== 200 || !text.includes('"choices"')) throw new Error(`answered ${text}`);
  return ms;
}

export interface Streamed {
  /** Until the first token, in ms. */
  firstTokenMs: number;
  totalMs: number;
  /** When each token came, in ms; equal for those that came in one read. */
  arrived: number[];
}

/** Throws when the stream does not end with [DONE]. */
export async function askForStream(asked: Asked, prompt: string, maxTokens: number): Promise<Streamed> {
  const start = performance.now();
  const answer = await post(asked, body(prompt, maxTokens, true));
  const splitter = createEventSplitter();
  const arrived: number[] = [];
  let last = '';
  for await (const bytes of answer) {
    const now = performance.now();
    for (const event of splitter.push(bytes as Buffer)) {
      if (event.isToken) arrived.push(now);
      last = event.bytes.toString('utf8');
    }
  }
  if (!last.includes('[DONE]')) throw new Error(`the stream ended with ${last}`);
  return { firstTokenMs: arrived[0]! - start, totalMs: performance.now() - start, arrived };
}

function body(prompt: string, maxTokens: number, stream: boolean): Buffer {
  const messages = [{ role: 'user', content: prompt }];
  return Buffer.from(JSON.stringify({ model: 'tiny-llama', messages, max_tokens: maxTokens, stream }));
}

function post({ url, key, agent }: Asked, bytes: Buffer): Promise<IncomingMessage> {
  const headers = {
    'content-type': 'application/json',
    'content-length': bytes.length,
    authorization: `Bearer ${key}`,
  };
  return new Promise((resolve, reject) => {
    request(`${url}/chat/completions`, { method: 'POST', headers, agent }, resolve)
      .once('error', reject)
      .end(bytes);
  });
}
