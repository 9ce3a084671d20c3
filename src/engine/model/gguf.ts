import type { Tensor } from './weights';

/** A metadata value with its GGUF type; the format is little-endian throughout. */
export type GgufValue =
  | { type: 'uint32' | 'float32'; value: number }
  | { type: 'bool'; value: boolean }
  | { type: 'string'; value: string }
  | { type: 'strings'; value: readonly string[] }
  | { type: 'float32s' | 'int32s'; value: readonly number[] };

/** Type numbers of the GGUF specification, version 3. */
const TYPE = { uint32: 4, int32: 5, float32: 6, bool: 7, string: 8, array: 9 } as const;
const VERSION = 3;
const ALIGNMENT = 32;
const TENSOR_F32 = 0;

/** The bytes of a GGUF v3 file that holds F32 tensors only. */
export function encodeGguf(
  metadata: readonly (readonly [string, GgufValue])[],
  tensors: readonly Tensor[],
): Buffer {
  const head: Buffer[] = [
    Buffer.from('GGUF', 'latin1'),
    uint32(VERSION),
    uint64(tensors.length),
    uint64(metadata.length),
  ];
  for (const [key, value] of metadata) head.push(text(key), ...encodeValue(value));

  let offset = 0;
  for (const { name, dims, data } of tensors) {
    head.push(text(name), uint32(dims.length), ...dims.map(uint64), uint32(TENSOR_F32), uint64(offset));
    offset += aligned(data.byteLength);
  }
  return Buffer.concat([padded(Buffer.concat(head)), ...tensors.map(({ data }) => padded(floats(data)))]);
}

function encodeValue(entry: GgufValue): Buffer[] {
  switch (entry.type) {
    case 'uint32':
      return [uint32(TYPE.uint32), uint32(entry.value)];
    case 'float32':
      return [uint32(TYPE.float32), floats([entry.value])];
    case 'bool':
      return [uint32(TYPE.bool), Buffer.from([entry.value ? 1 : 0])];
    case 'string':
      return [uint32(TYPE.string), text(entry.value)];
    case 'strings':
      return [...arrayHead(TYPE.string, entry.value.length), ...entry.value.map(text)];
    case 'float32s':
      return [...arrayHead(TYPE.float32, entry.value.length), floats(entry.value)];
    case 'int32s':
      return [...arrayHead(TYPE.int32, entry.value.length), ...entry.value.map(uint32)];
  }
}

function arrayHead(type: number, length: number): Buffer[] {
  return [uint32(TYPE.array), uint32(type), uint64(length)];
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'utf8');
  return Buffer.concat([uint64(bytes.length), bytes]);
}

function uint32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value);
  return out;
}

function uint64(value: number): Buffer {
  const out = Buffer.alloc(8);
  out.writeBigUInt64LE(BigInt(value));
  return out;
}

function floats(values: ArrayLike<number>): Buffer {
  const out = Buffer.alloc(values.length * 4);
  for (let i = 0; i < values.length; i++) out.writeFloatLE(values[i]!, i * 4);
  return out;
}

function aligned(bytes: number): number {
  return Math.ceil(bytes / ALIGNMENT) * ALIGNMENT;
}

function padded(bytes: Buffer): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(aligned(bytes.length) - bytes.length)]);
}
