import { TRANSCRIPTION_PATH } from '../../../protocol/audio/transcription';
import type { SchemaName } from './schemas';

export interface Operation {
  method: 'get' | 'post';
  path: string;
  operationId: string;
  summary: string;
  /** Who may call: anybody, anybody with a key, or that and a worker's work is paid for. */
  kind: 'open' | 'keyed' | 'paid';
  request?: { type: string; schema: SchemaName };
  answer: SchemaName | null;
  /** Also answers as server-sent events when `stream` is true. */
  streams?: boolean;
  /** Also answers as plain text. */
  text?: boolean;
  /** Query parameters, with whether they are needed. */
  query?: Readonly<Record<string, boolean>>;
}

const JSON_TYPE = 'application/json';
const json = (schema: SchemaName): NonNullable<Operation['request']> => ({ type: JSON_TYPE, schema });

/** Everything that the gateway serves. Each GET is served as HEAD too, and OPTIONS everywhere. */
export const OPERATIONS: readonly Operation[] = [
  {
    method: 'get',
    path: '/v1/models',
    operationId: 'listModels',
    summary: 'Models that verified workers offer now, with prices and context length',
    kind: 'keyed',
    answer: 'ModelList',
  },
  {
    method: 'get',
    path: '/v1/models/{model}',
    operationId: 'getModel',
    summary: 'One model; a slash in its name is written %2F',
    kind: 'keyed',
    answer: 'Model',
  },
  {
    method: 'post',
    path: '/v1/chat/completions',
    operationId: 'createChatCompletion',
    summary: 'A chat completion, whole or as a stream',
    kind: 'paid',
    request: json('ChatCompletionRequest'),
    answer: 'ChatCompletion',
    streams: true,
  },
  {
    method: 'post',
    path: '/v1/completions',
    operationId: 'createCompletion',
    summary: 'A text completion, whole or as a stream',
    kind: 'paid',
    request: json('CompletionRequest'),
    answer: 'Completion',
    streams: true,
  },
  {
    method: 'post',
    path: '/v1/embeddings',
    operationId: 'createEmbedding',
    summary: 'Embeddings of texts, as numbers or base64',
    kind: 'paid',
    request: json('EmbeddingRequest'),
    answer: 'EmbeddingList',
  },
  {
    method: 'post',
    path: TRANSCRIPTION_PATH,
    operationId: 'createTranscription',
    summary: 'What is said in a recording; billed by its milliseconds',
    kind: 'paid',
    request: { type: 'multipart/form-data', schema: 'TranscriptionRequest' },
    answer: 'Transcription',
    text: true,
  },
  {
    method: 'post',
    path: '/v1/responses',
    operationId: 'createResponse',
    summary: 'A response, whole or as a stream; nothing of it is kept',
    kind: 'paid',
    request: json('ResponseRequest'),
    answer: 'Response',
    streams: true,
  },
  {
    method: 'get',
    path: '/v1/cocoon/evidence/{receipt}',
    operationId: 'getEvidence',
    summary: "The evidence of one answer, from its receipt to Intel's root; of one's own answers only",
    kind: 'keyed',
    answer: 'EvidenceBundle',
  },
  {
    method: 'get',
    path: '/v1/signature/{receipt}',
    operationId: 'getSignature',
    summary: "The worker's signature under one answer; of one's own answers only",
    kind: 'keyed',
    query: { signing_algo: false },
    answer: 'Signature',
  },
  {
    method: 'get',
    path: '/v1/attestation/report',
    operationId: 'getAttestationReport',
    summary: 'Quotes of the verified workers that offer a model',
    kind: 'keyed',
    query: { model: true, nonce: false, signing_algo: false, signing_address: false },
    answer: 'AttestationReport',
  },
  {
    method: 'get',
    path: '/v1/cocoon/key',
    operationId: 'getKey',
    summary: 'The key that asks: its limit, what it spent, what is left, when it ends',
    kind: 'keyed',
    answer: 'Key',
  },
  {
    method: 'get',
    path: '/status',
    operationId: 'getStatus',
    summary: 'What can be spent and what that is made of; without an issued key all about the money',
    kind: 'keyed',
    answer: 'Status',
  },
  {
    method: 'get',
    path: '/healthz',
    operationId: 'getHealth',
    summary: 'Whether requests are taken',
    kind: 'open',
    answer: 'Health',
  },
  {
    method: 'get',
    path: '/openapi.json',
    operationId: 'getOpenApi',
    summary: 'This document',
    kind: 'open',
    answer: null,
  },
];
