/** What is shown of each client package. A cell of the table in docs/compatibility.md is one feature with one client. */
export const CLIENTS = {
  openai: '`openai`',
  ai: 'AI SDK',
  langchain: 'LangChain',
  fetch: '`fetch`',
} as const;
export type ClientId = keyof typeof CLIENTS;

/** Feature -> its name in the table. */
export const WORKS = {
  models: 'the list of models, with prices and context length',
  slash: 'a model whose name has a slash',
  chat: 'a chat',
  stream: 'a streamed chat',
  streamUsage: 'usage at the end of a stream',
  tools: 'tools: call, result, answer',
  streamedTools: 'a streamed call of a tool',
  schema: 'an answer after a JSON schema',
  jsonObject: 'an answer in JSON (`json_object`)',
  choices: 'several answers (`n`)',
  logprobs: 'log probabilities',
  seed: 'the same answer for the same `seed`',
  stop: 'stop strings',
  completions: 'text completions',
  embeddings: 'embeddings as the package asks for them',
  floats: 'embeddings as floats',
  voice: 'a voice message (OGG/Opus)',
  wav: 'a sound (WAV), with times of its words',
  responses: 'a response',
  streamedResponses: 'a streamed response',
  price: 'price and receipt of an answer',
  abort: 'leaving a stream in its middle: only what had come is paid',
  rateRetry: 'a retry after 429, at the time that the answer names',
  idempotency: 'a repeated `Idempotency-Key`: one answer, one bill',
  errors: "errors as the package's own classes",
} as const;

export const REFUSED = {
  pictures: 'a picture, for a model that reads text only',
  pictureLinks: 'a picture by its URL',
  soundParts: 'sound within a chat, for a model that reads text only',
  files: 'a file within a chat',
  spoken: 'spoken answers (`modalities`, `audio`)',
  webSearch: 'web search (`web_search_options`)',
  customTools: 'custom tools, for an engine without them',
  prediction: '`prediction`',
  flex: '`service_tier`',
  stored: 'chats that are kept (`store`)',
  manyChoices: 'more than eight answers',
  badValue: 'a value out of range',
  background: 'responses in the background',
  storedResponses: 'responses that are kept (`store`)',
  previous: '`previous_response_id`',
  conversation: '`conversation`',
  builtInTools: "OpenAI's own tools in a response",
  subtitles: 'transcripts as `srt`, `vtt`',
  streamedTranscript: 'streamed transcripts',
  otherSounds: 'MP3 and other formats of sound',
  translations: 'translations of sounds',
  earChats: 'a chat with a model that only hears',
  speech: 'speech',
  images: 'images',
  moderations: 'moderations',
  uploads: 'files',
  batches: 'batches',
  vectorStores: 'vector stores',
  unknownModel: 'a model that nobody offers',
  wrongKey: 'a wrong API key',
  emptyKey: 'an API key whose limit is used up',
  rate: 'an API key beyond its rate, without retries',
} as const;

export type Feature = keyof typeof WORKS | keyof typeof REFUSED;

/** How the package tells of a refusal. */
export interface Refusal {
  status: number;
  code: string;
  param: string | null;
}

/** One feature with one client: `run` does it, and rejects only when it is refused, or does not work. */
export interface Cell {
  run(scene: Scene): Promise<unknown>;
  refusal?: Refusal;
}

/** What a client can say at all; the rest of its column stays empty. */
export type Cells = Partial<Record<Feature, Cell>>;

/** A running gateway, with a whole network behind it. */
export interface Scene {
  /** With `/v1`. */
  url: string;
  keys: { funded: string; second: string; empty: string; limited: string };
}

export const CHAT = 'acme/tiny-llama';
export const EAR = 'acme/tiny-ear';
export const HELLO = 'Hello there.';
export const BIRDS = ['heron', 'stork'] as const;
export const BIRD_SCHEMA = {
  ...{ type: 'object', required: ['bird'], additionalProperties: false },
  properties: { bird: { type: 'string', enum: [...BIRDS] } },
};
export const LOOK_SCHEMA = {
  ...{ type: 'object', required: ['at'], additionalProperties: false },
  properties: { at: { type: 'string', maxLength: 8 } },
};

export function works(run: Cell['run']): Cell {
  return { run };
}

export function refused(status: number, code: string, param: string | null, run: Cell['run']): Cell {
  return { run, refusal: { status, code, param } };
}
