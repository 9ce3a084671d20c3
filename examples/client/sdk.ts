import OpenAI from 'openai';
import { connectClient, readClientFile } from '../../src/client';
import { formatCoins } from '../../src/protocol/amounts';

/** The official package over the SDK: a stream, then what it cost. Run: npx tsx examples/client/sdk.ts client.json */
async function main(): Promise<void> {
  const cocoon = await connectClient(readClientFile(process.argv[2] ?? 'client.json'));
  const openai = new OpenAI({ fetch: cocoon.fetch, baseURL: 'https://cocoon.invalid/v1', apiKey: 'unused' });

  const model = (await cocoon.models()).find(({ capabilities }) => capabilities.includes('chat'));
  if (!model) throw new Error(`no model: ${JSON.stringify(cocoon.refusedWorkers())}`);
  const stream = await openai.chat.completions.create({
    model: model.id,
    messages: [{ role: 'user', content: 'Who can read this?' }],
    max_tokens: 64,
    stream: true,
  });
  for await (const chunk of stream) process.stdout.write(chunk.choices[0]?.delta.content ?? '');

  const [job] = cocoon.receipts(1);
  const { freeNano } = await cocoon.balance();
  process.stdout.write(
    `\n\nreceipt ${job?.id}: ${formatCoins(job?.costNano ?? 0n)} TON, ${formatCoins(freeNano)} TON are free\n`,
  );
  await cocoon.close();
}

main().catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`);
  process.exitCode = 1;
});
