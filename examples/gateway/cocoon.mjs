import { createOpenAICompatible } from '@ai-sdk/openai-compatible';

/** Cocoon as a provider of the AI SDK: `createCocoon()('tiny-llama')`. Also `.embeddingModel(id)`, `.completionModel(id)`. */
export function createCocoon(settings = {}) {
  return createOpenAICompatible({
    name: 'cocoon',
    baseURL: process.env.OPENAI_BASE_URL ?? 'http://127.0.0.1:8787/v1',
    apiKey: process.env.OPENAI_API_KEY,
    includeUsage: true,
    supportsStructuredOutputs: true,
    ...settings,
  });
}
