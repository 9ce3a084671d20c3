import OpenAI from 'openai';

/** One answer, and what it cost. Run: node chat.mjs */
const openai = new OpenAI(); // OPENAI_BASE_URL and OPENAI_API_KEY name the gateway and its key

const { data, response } = await openai.chat.completions
  .create({
    model: process.env.MODEL ?? 'tiny-llama',
    messages: [{ role: 'user', content: 'Who can read this?' }],
    max_tokens: 32,
  })
  .withResponse();

console.log(data.choices[0].message.content);
console.log(
  `${response.headers.get('x-cocoon-cost-nano')} nanotons, receipt ${response.headers.get('x-cocoon-receipt-id')}`,
);
