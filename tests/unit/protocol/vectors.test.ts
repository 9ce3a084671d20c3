import { beginCell, Cell } from '@ton/core';
import { createHash, createPrivateKey, createPublicKey, sign, verify } from 'node:crypto';
import allocate from '../../../src/protocol/vectors/allocate.json';
import ask from '../../../src/protocol/vectors/ask.json';
import certificate from '../../../src/protocol/vectors/certificate.json';
import domain from '../../../src/protocol/vectors/domain.json';
import jobRecord from '../../../src/protocol/vectors/jobRecord.json';
import line from '../../../src/protocol/vectors/line.json';
import proof from '../../../src/protocol/vectors/proof.json';
import receipt from '../../../src/protocol/vectors/receipt.json';
import statement from '../../../src/protocol/vectors/statement.json';
import ticket from '../../../src/protocol/vectors/ticket.json';
import { plain } from '../../../src/docs/samples';
import { loadAllocate } from '../../../src/protocol/allocate';
import { parseJobRecord } from '../../../src/protocol/jobRecord';
import { parseLine } from '../../../src/protocol/line';
import { decodeProof, rootFromProof } from '../../../src/protocol/mountainRange';
import { askLayout, hpkeCertificateLayout, receiptLayout, ticketLayout } from '../../../src/protocol/signed';
import { parseStatement } from '../../../src/protocol/statement';

/** The vectors against other people's code only: OpenSSL and TON's library. That ours makes them is tested elsewhere. */
const hex = (text: string): Buffer => Buffer.from(text, 'hex');
const sha256 = (...parts: Buffer[]): string =>
  createHash('sha256').update(Buffer.concat(parts)).digest('hex');

describe('golden vectors', () => {
  it('of allocations hold the hash of their cells, and are read as the values beside them', () => {
    for (const { boc, hash, value, list } of allocate) {
      const cell = Cell.fromBoc(hex(boc))[0]!;
      expect(cell.hash().toString('hex')).toBe(hash);
      expect(cell.refs[0]!.equals(Cell.fromBoc(hex(list))[0]!)).toBe(true);
      expect(plain(loadAllocate(cell))).toEqual(value);
    }
  });

  it.each(Object.entries({ allocate, ask, certificate, receipt, ticket }))(
    'of %s hold the hash that TON computes and a signature that OpenSSL makes and takes',
    (_, vectors) => {
      for (const { hash, seed, publicKey, signature, ...vector } of vectors) {
        if ('image' in vector) {
          expect(beginCell().storeBuffer(hex(vector.image)).endCell().hash().toString('hex')).toBe(hash);
        }
        const pkcs8 = Buffer.concat([hex('302e020100300506032b657004220420'), hex(seed)]);
        const privateKey = createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' });
        const spki = createPublicKey(privateKey).export({ format: 'der', type: 'spki' });
        expect(spki.subarray(-32).toString('hex')).toBe(publicKey);
        expect(sign(null, hex(hash), privateKey).toString('hex')).toBe(signature);
        expect(verify(null, hex(hash), createPublicKey(privateKey), hex(signature))).toBe(true);
      }
    },
  );

  it.each([
    ['ask', ask, askLayout],
    ['certificate', certificate, hpkeCertificateLayout],
    ['receipt', receipt, receiptLayout],
    ['ticket', ticket, ticketLayout],
  ] as const)('of %s are read as the values beside them', (_, vectors, of) => {
    for (const { image, value } of vectors) expect(plain(of.parse(hex(image)))).toEqual(value);
  });

  it('of lines, statements and records are read as the values beside them', () => {
    for (const { image, value } of line) expect(plain(parseLine(hex(image)))).toEqual(value);
    for (const { image, value } of statement) expect(plain(parseStatement(hex(image)))).toEqual(value);
    for (const { image, value } of jobRecord) expect(plain(parseJobRecord(hex(image)))).toEqual(value);
  });

  it('of lines, statements, records and domains hold plain SHA-256 hashes', () => {
    for (const { image, lineId } of line) expect(sha256(hex(image)).slice(0, 40)).toBe(lineId);
    for (const { image, hash, digest } of statement) {
      expect(sha256(hex(image))).toBe(hash);
      expect(sha256(Buffer.from('cocoon/report-data/v1\0'), hex(image))).toBe(digest);
    }
    for (const { image, leaf } of jobRecord) expect(sha256(hex('00'), hex(image))).toBe(leaf);
    for (const { scope, born, escrowDomain, workerDomain } of domain) {
      const network = Buffer.alloc(4);
      network.writeInt32BE(scope.networkId);
      const fields = [network, hex(scope.registry), hex(scope.self)];
      const birth = hex(BigInt(born).toString(16).padStart(16, '0'));
      expect(sha256(Buffer.from('cocoon/escrow/v1\0'), ...fields, birth)).toBe(escrowDomain);
      expect(sha256(Buffer.from('cocoon/worker/v1\0'), ...fields)).toBe(workerDomain);
    }
  });

  it('of proofs lead from their leaf to their root', () => {
    for (const { leaf, root, proof: packet } of proof) {
      expect(rootFromProof(hex(leaf), decodeProof(hex(packet)))!.toString('hex')).toBe(root);
    }
  });
});
