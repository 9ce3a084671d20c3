import { Aes256Gcm, CipherSuite, DhkemX25519HkdfSha256, HkdfSha256, type SenderContext } from '@hpke/core';
import * as hpkePackage from 'hpke';
import { ChunkKind, createReplySealer, generateHpkeKeyPair } from '../src/channel';
import { aeadSeal, sequenceNonce } from '../src/channel/aead';
import { keySchedule } from '../src/channel/hpke';
import { encap } from '../src/channel/kem';
import { CHANNEL_LIMITS } from '../src/channel/limits';
import { compare, type CompareOptions, type Contender, type Measured } from './harness';
import { significant, type Benchmark } from './report';

const INFO = Buffer.alloc(50, 1);
const KIND = Buffer.from([ChunkKind.Content]);
const recipient = generateHpkeKeyPair();

const core = new CipherSuite({
  kem: new DhkemX25519HkdfSha256(),
  kdf: new HkdfSha256(),
  aead: new Aes256Gcm(),
});
const other = new hpkePackage.CipherSuite(
  hpkePackage.KEM_DHKEM_X25519_HKDF_SHA256,
  hpkePackage.KDF_HKDF_SHA256,
  hpkePackage.AEAD_AES_256_GCM,
);

/** The channel beside two HPKE packages, each with its recipient's key already read. */
export const hpke: Benchmark = {
  name: 'hpke',
  title: 'HPKE (X25519, HKDF-SHA256, AES-256-GCM): set-up of a sender, and sealing one chunk',
  async run(options) {
    // A CryptoKey, whose type belongs to browsers.
    const coreKey: unknown = await core.kem.deserializePublicKey(recipient.publicKey);
    const otherKey = await other.DeserializePublicKey(recipient.publicKey);
    const newContext = () => core.createSenderContext({ recipientPublicKey: coreKey, info: INFO });

    const setUp = await compare(
      [
        each('@hpke/core', newContext),
        each('hpke', () => other.SetupSender(otherKey, { info: INFO })),
        each('here', setUpHere),
      ],
      options,
    );
    const rows = [row('set-up', setUp)];
    const theirs = await newContext();
    const { ctx } = await other.SetupSender(otherKey, { info: INFO });
    for (const size of CHANNEL_LIMITS.contentClasses) {
      const [seal, whole] = await sealing(size, theirs, ctx, options);
      rows.push(row(`seal ${size} bytes`, seal), row(`the same as a chunk of a reply, hashed`, whole));
    }
    return {
      counted: { header: ['CPU each', '@hpke/core', 'hpke', 'here', 'speed'], rows },
      notes: [
        'Speed is against `@hpke/core`, the median of the ratios within each round. A chunk of a reply also goes into the running SHA-256 that the record signs, which neither package does.',
        'Wanted: set-up at least 5x, sealing at least 3x.',
      ],
    };
  },
};

function setUpHere(): void {
  const { shared } = encap(recipient.publicKey, generateHpkeKeyPair());
  keySchedule(shared, INFO);
}

/** Both packages count their sequence numbers on; so does the channel. */
async function sealing(
  size: number,
  theirs: SenderContext,
  ctx: hpkePackage.SenderContext,
  options: CompareOptions,
): Promise<[seal: Measured[], whole: Measured[]]> {
  const plaintext = Buffer.alloc(size, 7);
  const { key, baseNonce } = keySchedule(Buffer.alloc(32, 2), INFO);
  const sealer = createReplySealer({ enc: Buffer.alloc(32), secret: Buffer.alloc(32) }, Buffer.alloc(32));
  let sequence = 0n;
  const [packageOne, packageTwo, seal, whole] = await compare(
    [
      each('@hpke/core', () => theirs.seal(plaintext, KIND)),
      each('hpke', () => ctx.Seal(plaintext, KIND)),
      each('here', () => aeadSeal(key, sequenceNonce(baseNonce, sequence++), KIND, plaintext)),
      each('chunk', () => sealer.seal(ChunkKind.Content, plaintext)),
    ],
    options,
  );
  return [
    [packageOne!, packageTwo!, seal!],
    [packageOne!, packageTwo!, whole!],
  ];
}

/** A promise is awaited only where one is given: waiting for nothing costs a turn of the event loop. */
function each(name: string, once: () => unknown): Contender {
  return {
    name,
    run(operations) {
      const first = once();
      if (!(first instanceof Promise)) {
        for (let i = 1; i < operations; i++) once();
        return;
      }
      return first.then(async () => {
        for (let i = 1; i < operations; i++) await once();
      });
    },
  };
}

function row(name: string, measured: readonly Measured[]): string[] {
  const us = measured.map(({ cpuNs }) => `${significant(cpuNs / 1e3)} us`);
  return [name, ...us, `${significant(measured.at(-1)!.speed)}x`];
}
