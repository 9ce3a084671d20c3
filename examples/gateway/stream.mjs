import OpenAI from 'openai';

/** Words as they come, then their price. Run: node stream.mjs */
const openai = new OpenAI();

const stream = await openai.chat.completions.create({
  model: process.env.MODEL ?? 'tiny-llama',
  messages: [{ role: 'user', content: 'Tell me a story.' }],
  max_tokens: 64,
  stream: true,
  stream_options: { include_usage: true },
});

for await (const { choices, usage, cocoon } of stream) {
  process.stdout.write(choices[0]?.delta.content ?? '');
  if (usage) console.log(`\n${usage.completion_tokens} tokens, ${cocoon.cost_nano} nanotons`);
}
