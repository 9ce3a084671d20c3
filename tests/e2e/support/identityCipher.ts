import type * as Aead from '../../../src/channel/aead';

/** The cipher, or, while `isIdentity` says so, one that leaves what it seals readable and as long as ever. */
export function identityCipher(real: typeof Aead, isIdentity: () => boolean): typeof Aead {
  return {
    ...real,
    aeadSeal(...args) {
      return isIdentity()
        ? Buffer.concat([args[4] ?? Buffer.alloc(0), args[3], Buffer.alloc(real.TAG_BYTES)])
        : real.aeadSeal(...args);
    },
    aeadOpen(...args) {
      return isIdentity()
        ? Buffer.from(args[3].subarray(0, args[3].length - real.TAG_BYTES))
        : real.aeadOpen(...args);
    },
  };
}
