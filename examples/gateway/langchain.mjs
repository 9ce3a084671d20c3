import { ChatOpenAI, OpenAIEmbeddings } from '@langchain/openai';
import { z } from 'zod';

/** LangChain: an answer after a schema, and embeddings. Run: node langchain.mjs */
const model = process.env.MODEL ?? 'tiny-llama';

const Bird = z.object({ bird: z.enum(['heron', 'stork']) });
const chat = new ChatOpenAI({ model, maxTokens: 32 }).withStructuredOutput(Bird);
const { bird } = await chat.invoke('Which bird?');
console.log(`bird: ${bird}`);

const vector = await new OpenAIEmbeddings({ model }).embedQuery(bird);
console.log(`${vector.length} dimensions`);
