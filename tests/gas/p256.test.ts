import { hintCell, signatureHint } from '../../src/attestation/onchain/hint';
import { expectGas } from '../support/gasSnapshot';
import * as P from '../support/p256';

test('what the check of a P-256 signature consumes', async () => {
  const contract = await P.deployP256();
  const secret = P.scalarOf('a key');
  const key = P.publicKey(secret);
  const signed = (text: string): [Buffer, ReturnType<typeof hintCell>] => {
    const digest = P.digestOf(text);
    return [digest, hintCell(signatureHint(key, digest, P.signDigest(secret, digest)))];
  };
  const [digest, hint] = signed('first');
  const nothing = (await contract.requireNothing(digest, key, hint)).gas;
  const one = (await contract.requireSigned(digest, key, hint)).gas;
  const both = (await contract.requireBoth(key, [digest, hint], signed('second'))).gas;
  expectGas('p256', {
    firstSignature: one - nothing,
    furtherSignature: both - one,
    key: (await contract.requireOnCurve(key)).gas - nothing,
  });
});
