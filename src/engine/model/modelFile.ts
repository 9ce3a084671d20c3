import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { encodeGguf, type GgufValue } from './gguf';
import { BEGIN_ID, createVocabulary, END_ID, UNKNOWN_ID, type VocabularyToken } from './vocabulary';
import { createWeights, SHAPE } from './weights';

export interface ModelFile {
  path: string;
  /** SHA-256 of the file in hex: the `modelHash` of asks and job records. */
  sha256: string;
}

/**
 * Writes the tiny model of `seed` into `dir`, unless the same bytes are there, and says where it is. Equal seeds give
 * equal bytes on every machine; a damaged file is replaced. Processes that start together do not disturb each other.
 */
export async function modelFile(dir: string, seed: number): Promise<ModelFile> {
  const bytes = modelBytes(seed);
  const path = join(dir, `tiny-llama-${seed}.gguf`);
  await writeOnce(path, bytes);
  return { path, sha256: createHash('sha256').update(bytes).digest('hex') };
}

/** Leaves these bytes at `path`, whole at any time; does nothing when they are there. */
export async function writeOnce(path: string, bytes: Buffer): Promise<void> {
  const present = await readFile(path).catch(() => null);
  if (present?.equals(bytes)) return;
  await mkdir(dirname(path), { recursive: true });
  const draft = `${path}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, bytes);
  await rename(draft, path);
}

export function modelBytes(seed: number): Buffer {
  const vocabulary = createVocabulary();
  return encodeGguf(metadata(vocabulary), createWeights(vocabulary, seed));
}

function metadata(vocabulary: readonly VocabularyToken[]): (readonly [string, GgufValue])[] {
  const uint = (value: number): GgufValue => ({ type: 'uint32', value });
  return [
    ['general.architecture', { type: 'string', value: 'llama' }],
    ['general.name', { type: 'string', value: 'tiny-llama' }],
    ['llama.vocab_size', uint(vocabulary.length)],
    ['llama.context_length', uint(SHAPE.contextLength)],
    ['llama.embedding_length', uint(SHAPE.width)],
    ['llama.block_count', uint(SHAPE.layers)],
    ['llama.feed_forward_length', uint(SHAPE.feedForward)],
    ['llama.attention.head_count', uint(SHAPE.heads)],
    ['llama.attention.head_count_kv', uint(SHAPE.heads)],
    ['llama.attention.layer_norm_rms_epsilon', { type: 'float32', value: 1e-5 }],
    ['llama.rope.dimension_count', uint(SHAPE.width / SHAPE.heads)],
    ['tokenizer.ggml.model', { type: 'string', value: 'llama' }],
    ['tokenizer.ggml.tokens', { type: 'strings', value: vocabulary.map((token) => token.text) }],
    ['tokenizer.ggml.scores', { type: 'float32s', value: vocabulary.map((token) => token.score) }],
    ['tokenizer.ggml.token_type', { type: 'int32s', value: vocabulary.map((token) => token.type) }],
    ['tokenizer.ggml.bos_token_id', uint(BEGIN_ID)],
    ['tokenizer.ggml.eos_token_id', uint(END_ID)],
    ['tokenizer.ggml.unknown_token_id', uint(UNKNOWN_ID)],
    // Without the usual space in front, a piece reads the same wherever it stands, and so does its text.
    ['tokenizer.ggml.add_space_prefix', { type: 'bool', value: false }],
  ];
}
