import OpenAI from 'openai';

/** A model that calls a function of yours. The package's own loop runs it and hands back the result. Run: node tools.mjs */
const openai = new OpenAI();

const runner = openai.chat.completions.runTools({
  model: process.env.MODEL ?? 'tiny-llama',
  messages: [{ role: 'user', content: 'Use weather to tell me whether I need a coat.' }],
  max_tokens: 1_000,
  tools: [
    {
      type: 'function',
      function: {
        name: 'weather',
        description: 'The weather in a city.',
        parse: JSON.parse,
        parameters: {
          type: 'object',
          properties: { city: { enum: ['Lisbon', 'Oslo'] } },
          required: ['city'],
        },
        function: ({ city }) => {
          console.log(`weather in ${city}?`);
          return 'Rain.';
        },
      },
    },
  ],
});

console.log(await runner.finalContent());
