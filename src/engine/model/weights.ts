import { FOLLOWS, KINDS } from './grammar';
import { createRandom, type RandomSource } from './random';
import type { VocabularyToken } from './vocabulary';

export const SHAPE = {
  layers: 2,
  width: 64,
  heads: 4,
  feedForward: 64,
  contextLength: 4_096,
} as const;

/** A matrix in GGML's order: `dims[0]` is contiguous. */
export interface Tensor {
  name: string;
  dims: readonly number[];
  data: Float32Array;
}

/**
 * The first dimensions of the residual stream hold the kind of a token, one-hot. No layer writes to them, so at the
 * output they still say what the last token was; all others are random and carry the context.
 */
const KIND_DIMS = KINDS.length;
const KIND_SIGNAL = 6;
/** What the kind dimension reads after the final norm, roughly: it turns the logits of the grammar into weights. */
const KIND_AT_OUTPUT = 4;
const FORBIDDEN_LOGIT = -24;

/** Only additions and multiplications of doubles, rounded once to float: the same bits on every machine. */
export function createWeights(vocabulary: readonly VocabularyToken[], seed: number): Tensor[] {
  const random = createRandom(seed);
  const { width, feedForward, layers } = SHAPE;
  const tensors = [embedding(vocabulary, random), ones('output_norm.weight'), output(vocabulary, random)];
  for (let layer = 0; layer < layers; layer++) {
    const name = (part: string): string => `blk.${layer}.${part}.weight`;
    tensors.push(
      ones(name('attn_norm')),
      matrix(name('attn_q'), width, width, 0.3, random),
      matrix(name('attn_k'), width, width, 0.3, random),
      matrix(name('attn_v'), width, width, 0.2, random),
      silenceKinds(matrix(name('attn_output'), width, width, 0.2, random)),
      ones(name('ffn_norm')),
      matrix(name('ffn_gate'), width, feedForward, 0.2, random),
      matrix(name('ffn_up'), width, feedForward, 0.2, random),
      silenceKinds(matrix(name('ffn_down'), feedForward, width, 0.2, random)),
    );
  }
  return tensors;
}

function embedding(vocabulary: readonly VocabularyToken[], random: RandomSource): Tensor {
  const tensor = matrix('token_embd.weight', SHAPE.width, vocabulary.length, 1, random);
  vocabulary.forEach((token, id) => {
    const row = rowOf(tensor, id);
    row.fill(0, 0, KIND_DIMS);
    row[KINDS.indexOf(token.kind)] = KIND_SIGNAL;
  });
  return tensor;
}

function output(vocabulary: readonly VocabularyToken[], random: RandomSource): Tensor {
  const tensor = matrix('output.weight', SHAPE.width, vocabulary.length, 0.3, random);
  vocabulary.forEach((token, id) => {
    const row = rowOf(tensor, id);
    KINDS.forEach((last, dim) => {
      const logit = token.kind === 'open' ? undefined : FOLLOWS[last][token.kind];
      row[dim] = (logit ?? FORBIDDEN_LOGIT) / KIND_AT_OUTPUT;
    });
  });
  return tensor;
}

function silenceKinds(tensor: Tensor): Tensor {
  for (let dim = 0; dim < KIND_DIMS; dim++) rowOf(tensor, dim).fill(0);
  return tensor;
}

function matrix(name: string, inputs: number, outputs: number, scale: number, random: RandomSource): Tensor {
  return {
    name,
    dims: [inputs, outputs],
    data: Float32Array.from({ length: inputs * outputs }, () => random() * scale),
  };
}

function ones(name: string): Tensor {
  return { name, dims: [SHAPE.width], data: new Float32Array(SHAPE.width).fill(1) };
}

function rowOf(tensor: Tensor, row: number): Float32Array {
  const width = tensor.dims[0]!;
  return tensor.data.subarray(row * width, (row + 1) * width);
}
