import { beginCell, type Builder, type Cell, type Slice } from '@ton/core';
import { byteImage, createTarget, type ByteImage, type Fields, type Struct } from './fields';
import { sha256 } from './hash';

export type { Fields, Struct } from './fields';

/** A cell holds 1,023 bits, so at most 127 whole bytes. */
const MAX_IMAGE_BYTES = 127;
const TAG_BYTES = 4;

/**
 * A signed structure: one ordinary cell without references whose data is the image `tag ‖ fields`. Its hash is
 * therefore one SHA-256 over two constant descriptor bytes and the image, and no cell needs to be built.
 */
export interface Layout<F extends Fields> extends Omit<ByteImage<F>, 'writeFields' | 'requireImage'> {
  /** SHA-256 of the cell that holds the image: what is signed. */
  hash(value: Struct<F>): Buffer;
  /** The same hash for an image already at hand; throws RangeError on a wrong size or tag. */
  hashImage(image: Uint8Array): Buffer;
  store(value: Struct<F>): (builder: Builder) => void;
  load(slice: Slice): Struct<F>;
  toCell(value: Struct<F>): Cell;
}

export function layout<const F extends Fields>(name: string, tag: number, fields: F): Layout<F> {
  const prefix = Buffer.alloc(TAG_BYTES);
  prefix.writeUInt32BE(tag);
  const { writeFields, requireImage, ...image } = byteImage(name, prefix, fields);
  const { size } = image;
  if (size > MAX_IMAGE_BYTES) throw new RangeError(`${name}: ${size} bytes do not fit one cell`);

  // Descriptor bytes: no references and level 0; then twice the number of full data bytes.
  const preimage = createTarget(2 + size);
  preimage.bytes.set([0, 2 * size, ...prefix]);

  const store = (value: Struct<F>) => (builder: Builder) => {
    builder.storeBuffer(image.image(value));
  };

  return {
    ...image,
    hash(value) {
      writeFields(value, preimage, 2);
      return sha256(preimage.bytes);
    },
    hashImage(bytes) {
      // An image with another tag would stay in the memory that `hash` relies on.
      requireImage(bytes);
      preimage.bytes.set(bytes, 2);
      return sha256(preimage.bytes);
    },
    store,
    load: (slice) => image.parse(slice.loadBuffer(size)),
    toCell: (value) => beginCell().store(store(value)).endCell(),
  };
}
