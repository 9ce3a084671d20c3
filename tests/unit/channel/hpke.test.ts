import { onBothCryptos } from './onBothCryptos';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');

/**
 * RFC 9180, appendix A.1.1: DHKEM(X25519, HKDF-SHA256), HKDF-SHA256, AES-128-GCM, base mode. The RFC prints no
 * AES-256 set for this KEM; KEM, extraction, expansion and exporter are the same code for both.
 */
const RFC = {
  info: hex('4f6465206f6e2061204772656369616e2055726e'),
  skEm: hex('52c4a758a802cd8b936eceea314432798d5baf2d7e9235dc084ab1b9cfa2f736'),
  pkEm: hex('37fda3567bdbd628e88668c3c8d7e97d1d1253b6d4ea6d44c150f741f1bf4431'),
  skRm: hex('4612c550263fc8ad58375df3f557aac531d26850903e55a9f23f21d8534e8ac8'),
  pkRm: hex('3948cfe0ad1ddb695d780e59077195da6c56506b027329794ab02bca80815c4d'),
  shared: hex('fe0e18c9f024ce43799ae393c7e8fe8fce9d218875e8227b0187c04e7d2ea1fc'),
  key: hex('4531685d41d65f03dc48f6b8302c05b0'),
  baseNonce: hex('56d890e5accaaf011cff4b7d'),
  plaintext: hex('4265617574792069732074727574682c20747275746820626561757479'),
  sealed: [
    [0n, 'f938558b5d72f1a23810b4be2ab4f84331acc02fc97babc53a52ae8218a355a96d8770ac83d07bea87e13c512a'],
    [1n, 'af2d7e9ac9ae7e270f46ba1f975be53c09f8d875bdc8535458c2494e8a6eab251c03d0c22a56b8ca42c2063b84'],
    [255n, '7175db9717964058640a3a11fb9007941a5d1757fda1a6935c805c21af32505bf106deefec4a49ac38d71c9e0a'],
    [256n, '957f9800542b0b8891badb026d79cc54597cb2d225b54c00c5238c25d05c30e3fbeda97d2e0e1aba483a2df9f2'],
  ] as const,
  exported: [
    ['', '3853fe2b4035195a573ffc53856e77058e15d9ea064de3e59f4961d0095250ee'],
    ['00', '2e8f0b54673c7029649d4eb9d5e33bf1872cf76d623ff164ac185da9e88c21a5'],
    ['54657374436f6e74657874', 'e9e43065102c3836401bed8c3c3c75ae46be1639869391d62c61f1ec7af54931'],
  ] as const,
};
const AES_128_GCM = 1;

const OHTTP = {
  skR: hex('3c168975674b2fa8e465970b79c8dcf09f1c741626480bd4c6162fc5b6a98e1a'),
  header: hex('01002000010001'),
  encapsulated: hex(
    '4b28f881333e7c164ffc499ad9796f877f4e1051ee6d31bad19dec96c208b4726374e469135906992e1268c594d2a10c695d858c40a026e7965e7d86b83dd440b2c0185204b4d63525',
  ),
  request: hex('00034745540568747470730b6578616d706c652e636f6d012f'),
  secret: hex('62d87a6ba569ee81014c2641f52bea36'),
  responseNonce: hex('c789e7151fcba46158ca84b04464910d'),
  key: hex('5d0172a080e428b16d298c4ea0db620d'),
  nonce: hex('f6bf1aeb88d6df87007fa263'),
  sealedResponse: hex('86f9013e404feea014e7be4a441f234f857fbd'),
  response: hex('0140c8'),
};

describe.each(onBothCryptos())('HPKE in %s', (_, rooms) => {
  const { aeadOpen, aeadSeal, sequenceNonce } = rooms.aead;
  const { keySchedule } = rooms.hpke;
  const { decap, encap, hpkeKeyPairFromPrivate } = rooms.kem;

  describe('against RFC 9180 A.1.1', () => {
    const context = keySchedule(RFC.shared, RFC.info, AES_128_GCM, 16);

    it('sender and recipient reach the published shared secret', () => {
      const ephemeral = hpkeKeyPairFromPrivate(RFC.skEm);
      const recipient = hpkeKeyPairFromPrivate(RFC.skRm);
      expect(ephemeral.publicKey).toEqual(RFC.pkEm);
      expect(recipient.publicKey).toEqual(RFC.pkRm);
      expect(encap(RFC.pkRm, ephemeral)).toEqual({ shared: RFC.shared, enc: RFC.pkEm });
      expect(decap(RFC.pkEm, recipient)).toEqual(RFC.shared);
    });

    it('key schedule gives the published key and nonce', () => {
      expect(context.key).toEqual(RFC.key);
      expect(context.baseNonce).toEqual(RFC.baseNonce);
    });

    it.each(RFC.sealed)(
      'sealing with sequence number %s gives the published ciphertext',
      (sequence, sealed) => {
        const nonce = sequenceNonce(context.baseNonce, sequence);
        const aad = Buffer.from(`Count-${sequence}`);
        expect(aeadSeal(context.key, nonce, aad, RFC.plaintext).toString('hex')).toBe(sealed);
        expect(aeadOpen(context.key, nonce, aad, hex(sealed))).toEqual(RFC.plaintext);
      },
    );

    it.each(RFC.exported)('exporter gives the published value for context "%s"', (label, value) => {
      expect(context.exportSecret(hex(label), 32).toString('hex')).toBe(value);
    });
  });

  it('recipient opens an AES-256-GCM message that pyca/cryptography 48 sealed', () => {
    const info = Buffer.concat([
      Buffer.from('cocoon/request/v1\0', 'latin1'),
      Buffer.from(Array.from({ length: 32 }, (_, i) => i)),
    ]);
    const message = hex(
      '66b4b3947cfe205580beecef49e78d91b454a74a7bf327ddf3857ba234c88f61fc43a6492d4ba17752171d3cf7f723deaa32bae60b' +
        '9402863cc009b1da3e7b69f3ff474f451abe0385e5e6bc93',
    );
    const shared = decap(message.subarray(0, 32), hpkeKeyPairFromPrivate(RFC.skRm));
    const context = keySchedule(shared, info);
    const opened = aeadOpen(context.key, context.baseNonce, Buffer.alloc(0), message.subarray(32));
    expect(opened?.toString()).toBe('Beauty is truth, truth beauty');
  });

  it('sender refuses a recipient key of low order', () => {
    const ephemeral = hpkeKeyPairFromPrivate(RFC.skEm);
    expect(() => encap(Buffer.alloc(32), ephemeral)).toThrow(
      expect.objectContaining({ code: 'channel_open_failed' }),
    );
  });

  it('follows RFC 9458, appendix A: the request opens, and the response by keys from its exporter', () => {
    const enc = OHTTP.encapsulated.subarray(0, 32);
    const info = Buffer.concat([Buffer.from('message/bhttp request\0', 'latin1'), OHTTP.header]);
    const context = keySchedule(decap(enc, hpkeKeyPairFromPrivate(OHTTP.skR)), info, AES_128_GCM, 16);
    const nothing = Buffer.alloc(0);
    const sealed = OHTTP.encapsulated.subarray(32);
    expect(aeadOpen(context.key, context.baseNonce, nothing, sealed)).toEqual(OHTTP.request);

    const secret = context.exportSecret(Buffer.from('message/bhttp response'), 16);
    expect(secret).toEqual(OHTTP.secret);
    const keys = rooms.responseKeys.responseKeys({ enc, secret }, OHTTP.responseNonce, 16);
    expect(keys).toEqual({ key: OHTTP.key, nonce: OHTTP.nonce });
    expect(aeadOpen(keys.key, keys.nonce, nothing, OHTTP.sealedResponse)).toEqual(OHTTP.response);
  });
});
