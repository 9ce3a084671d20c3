import { generateObject, streamText } from 'ai';
import { z } from 'zod';
import { createCocoon } from './cocoon.mjs';

/** The AI SDK: a stream, and an object after a schema. Run: node aiSdk.mjs */
const model = createCocoon()(process.env.MODEL ?? 'tiny-llama');

const { textStream } = streamText({ model, prompt: 'Who can read this?', maxOutputTokens: 32 });
for await (const piece of textStream) process.stdout.write(piece);

const schema = z.object({ bird: z.enum(['heron', 'stork']) });
const { object } = await generateObject({ model, schema, prompt: 'Which bird?', maxOutputTokens: 32 });
console.log(`\nbird: ${object.bird}`);
