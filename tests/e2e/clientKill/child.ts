import { writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
// First: what is imported below opens its books through it.
import { books } from './watchedBooks';
import { Address } from '@ton/core';
import OpenAI from 'openai';
import { createChain } from '../../../src/chain/chain';
import { createChainClock, devnetTimeSource } from '../../../src/chain/clock';
import { createClient } from '../../../src/client';
import { keyPairFromSeed } from '../../../src/protocol/ed25519';
import { decodeEnvelope } from '../../../src/protocol/wire';
import { createFaults, type ClientPoint } from './faults';
import { DRILL_FUNDING, type ChildOrder } from './order';

/** A client in a process of its own, as real as any, but for the places at which it can be told to die. */
async function run(order: ChildOrder): Promise<void> {
  const reach = createFaults(order.point, order.nth);
  books.reach = reach;
  const chain = await createChain({ endpoint: order.apiUrl, registry: order.registry });
  const clock = await createChainClock({ source: devnetTimeSource(order.devnetUrl), follow: 'chain' });
  const client = createClient(
    {
      routers: [order.router],
      escrow: Address.parse(order.escrow),
      signer: keyPairFromSeed(Buffer.from(order.signerSeed, 'hex')),
      dataDir: order.dataDir,
      policy: { allowSimulated: true },
      funding: DRILL_FUNDING,
    },
    {
      chain: {
        ...chain,
        async sendExternal(...args) {
          reach('allocation.send');
          await chain.sendExternal(...args);
          reach('allocation.sent');
        },
      },
      clock,
      fetch: watchedFetch(reach),
      onFault: (_worker, error) => say('fault', error.code, ...error.message.split(' ')),
    },
  );
  const openai = new OpenAI({
    baseURL: 'https://cocoon.invalid/v1',
    apiKey: 'unused',
    fetch: client.fetch,
    // A worker may be out of the order book for a moment, on a machine that is busy with other tests.
    maxRetries: 8,
  });
  const lane = async (name: number): Promise<void> => {
    for (let i = 0; i < order.jobs; i++) {
      const id = await ask(openai, `Lane ${name}, question ${i}.`, (i + name) % 2 === 0);
      reach('answer.end');
      say('done', id, String(client.receipt(id)!.costNano));
    }
  };
  await Promise.all([lane(0), lane(1)]);
  await client.close();
  clock.stop();
}

async function ask(openai: OpenAI, content: string, stream: boolean): Promise<string> {
  const request = { model: 'tiny-llama', messages: [{ role: 'user' as const, content }], max_tokens: 12 };
  const { data, response } = await openai.chat.completions.create({ ...request, stream }).withResponse();
  if (Symbol.asyncIterator in data) for await (const chunk of data) void chunk;
  return response.headers.get('x-cocoon-receipt-id')!;
}

/** Says of every ticket that it leaves, before a byte of it does. */
function watchedFetch(reach: (point: ClientPoint) => void): typeof fetch {
  return async (input, init) => {
    if (typeof input !== 'string' || !input.endsWith('/v1/jobs')) return fetch(input, init);
    const { ticket } = decodeEnvelope(Buffer.from(init!.body as Uint8Array));
    reach('job.send');
    say('sent', ticket.value.jobId.toString('hex'), ticket.value.maxFee.toString());
    const response = await fetch(input, init);
    reach('reply.head');
    const watched = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        reach('reply.chunk');
        controller.enqueue(chunk);
      },
    });
    return new Response(response.body!.pipeThrough(watched), response);
  };
}

/** Synchronous, so that what was said is out before the process can be killed. */
function say(...words: string[]): void {
  writeSync(1, `${words.join(' ')}\n`);
}

// Modules are loaded before the order comes, so that the next child can get ready while one still runs.
say('ready');
createInterface({ input: process.stdin }).once('line', (line) => {
  run(JSON.parse(line) as ChildOrder).then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`${String(error)}\n`);
      process.exit(1);
    },
  );
});
