import * as HPKE from 'hpke';
import { generateHpkeKeyPair, openRequest, sealRequest } from '../../../src/channel';

/** A second opinion: the same suite by an independent implementation, in both directions. */
const suite = new HPKE.CipherSuite(
  HPKE.KEM_DHKEM_X25519_HKDF_SHA256,
  HPKE.KDF_HKDF_SHA256,
  HPKE.AEAD_AES_256_GCM,
);
const keys = generateHpkeKeyPair();
const binding = {
  statementHash: Buffer.alloc(32, 1),
  escrowDomain: Buffer.alloc(32, 2),
  lineId: Buffer.alloc(20, 3),
  jobId: Buffer.alloc(16, 4),
};
const info = Buffer.concat([Buffer.from('cocoon/request/v1\0', 'latin1'), binding.statementHash]);
const aad = Buffer.concat([binding.escrowDomain, binding.lineId, binding.jobId]);
const label = Buffer.from('cocoon response v1', 'latin1');
const plaintext = Buffer.from('Beauty is truth, truth beauty');

it('what this channel seals, the hpke package opens, with the same exported secret', async () => {
  const { ciphertext, replyContext } = sealRequest({ ...binding, recipientKey: keys.publicKey, plaintext });
  const pair = {
    privateKey: await suite.DeserializePrivateKey(keys.privateKey),
    publicKey: await suite.DeserializePublicKey(keys.publicKey),
  };
  const recipient = await suite.SetupRecipient(pair, ciphertext.subarray(0, 32), { info });
  expect(Buffer.from(await recipient.Open(ciphertext.subarray(32), aad))).toEqual(plaintext);
  expect(Buffer.from(await recipient.Export(label, 32))).toEqual(replyContext.secret);
});

it('what the hpke package seals, this channel opens, with the same exported secret', async () => {
  const recipientKey = await suite.DeserializePublicKey(keys.publicKey);
  const { encapsulatedSecret, ctx } = await suite.SetupSender(recipientKey, { info });
  const ciphertext = Buffer.concat([encapsulatedSecret, await ctx.Seal(plaintext, aad)]);
  const opened = openRequest({ ...binding, keys, ciphertext });
  expect(opened.plaintext).toEqual(plaintext);
  expect(opened.replyContext.secret).toEqual(Buffer.from(await ctx.Export(label, 32)));
});
