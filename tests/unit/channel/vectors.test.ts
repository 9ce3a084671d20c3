import type { RequestPlaintext, ResponseHead } from '../../../src/channel';
import { nano } from '../../../src/protocol/amounts';
import bucketVectors from '../../../src/channel/vectors/bucket.json';
import replyVectors from '../../../src/channel/vectors/reply.json';
import requestVectors from '../../../src/channel/vectors/request.json';
import { onBothCryptos } from './onBothCryptos';

const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const refusal = (code: string) => expect.objectContaining({ code });

describe.each(onBothCryptos())('golden vectors of the channel in %s', (_, { channel, crypto, ...rooms }) => {
  describe.each(requestVectors.map((vector) => [vector.name, vector] as const))(
    'request: %s',
    (__, vector) => {
      const recipient = channel.hpkeKeyPairFromPrivate(hex(vector.recipientPrivateKey));
      const ephemeral = channel.hpkeKeyPairFromPrivate(hex(vector.ephemeralPrivateKey));
      const binding = {
        statementHash: hex(vector.statementHash),
        escrowDomain: hex(vector.escrowDomain),
        lineId: hex(vector.lineId),
        jobId: hex(vector.jobId),
      };
      const request = {
        jobId: hex(vector.request.jobId),
        issuedAt: vector.request.issuedAt,
        notAfter: vector.request.notAfter,
        modelHash: hex(vector.request.modelHash),
        maxFee: nano(BigInt(vector.request.maxFee)),
        head: vector.request.head as unknown as RequestPlaintext['head'],
        body: hex(vector.request.body),
      };

      it('seals to the same bytes, with the same reply secret', () => {
        expect(recipient.publicKey).toEqual(hex(vector.recipientKey));
        const plaintext = channel.encodeRequestPlaintext(request);
        expect(plaintext).toEqual(hex(vector.plaintext));
        const recipientKey = recipient.publicKey;
        const sealed = channel.sealRequest({ ...binding, recipientKey, plaintext, ephemeral });
        expect(sealed.ciphertext).toEqual(hex(vector.ciphertext));
        expect(sealed.replyContext).toEqual({ enc: hex(vector.enc), secret: hex(vector.secret) });
        expect(crypto.sha256(sealed.ciphertext)).toEqual(hex(vector.requestHash));
      });

      it('opens to the same request, the body byte for byte', () => {
        const opened = channel.openRequest({
          ...binding,
          keys: recipient,
          ciphertext: hex(vector.ciphertext),
        });
        expect(opened.replyContext.secret).toEqual(hex(vector.secret));
        expect(channel.decodeRequestPlaintext(opened.plaintext)).toEqual(request);
      });

      it('has the steps of HPKE on the way', () => {
        const { shared, enc } = rooms.kem.encap(recipient.publicKey, ephemeral);
        expect(shared).toEqual(hex(vector.shared));
        expect(enc).toEqual(hex(vector.enc));
        const context = rooms.hpke.keySchedule(shared, hex(vector.info));
        expect(context.key).toEqual(hex(vector.key));
        expect(context.baseNonce).toEqual(hex(vector.baseNonce));
        const sealed = hex(vector.ciphertext).subarray(32);
        const { key, baseNonce } = context;
        expect(rooms.aead.aeadOpen(key, baseNonce, hex(vector.aad), sealed)).toEqual(hex(vector.plaintext));
      });
    },
  );

  describe.each(replyVectors.map((vector) => [vector.name, vector] as const))('reply: %s', (__, vector) => {
    const context = { enc: hex(vector.enc), secret: hex(vector.secret) };
    const nonce = hex(vector.responseNonce);

    it('seals to the same chunks and hash', () => {
      const sealer = channel.createReplySealer(context, nonce);
      for (const chunk of vector.chunks) {
        if (chunk.data !== undefined) {
          expect(channel.encodeContent(hex(chunk.data))).toEqual(hex(chunk.plaintext));
        }
        expect(sealer.seal(chunk.kind, hex(chunk.plaintext))).toEqual(hex(chunk.payload));
      }
      expect(sealer.responseHash()).toEqual(hex(vector.responseHash));
    });

    it('opens to the same head, contents and settlement', () => {
      const opener = channel.createReplyOpener(context, nonce);
      const response = channel.createResponseReader();
      let head: ResponseHead | null = null;
      for (const chunk of vector.chunks) {
        const { kind, plaintext } = opener.open(hex(chunk.payload));
        expect(kind).toBe(chunk.kind);
        expect(plaintext).toEqual(hex(chunk.plaintext));
        if (chunk.data === undefined) {
          const { record } = channel.decodeSettlement(plaintext);
          expect(record.responseHash).toEqual(hex(vector.responseHash));
          continue;
        }
        const data = channel.decodeContent(plaintext);
        expect(data).toEqual(hex(chunk.data));
        head = response.push(data).head ?? head;
      }
      expect(head).toEqual(vector.head);
      expect(() => opener.assertEnded()).not.toThrow();
    });

    it('is refused when its first chunk is left out, and known to be cut when its last content is', () => {
      const payloads = vector.chunks.map(({ payload }) => hex(payload));
      const [first, ...rest] = payloads;
      expect(first).toBeDefined();
      const late = channel.createReplyOpener(context, nonce);
      expect(() => late.open(rest[0]!)).toThrow(refusal('reply_unauthentic'));
      const cut = channel.createReplyOpener(context, nonce);
      payloads.slice(0, -2).forEach((payload) => cut.open(payload));
      expect(() => cut.assertEnded()).toThrow(refusal('stream_truncated'));
    });
  });

  it.each(bucketVectors.map(({ bytes, padded }) => [bytes, padded]))(
    'pads %i bytes to %i',
    (bytes, padded) => {
      expect(channel.requestBucket(bytes)).toBe(padded);
    },
  );
});
