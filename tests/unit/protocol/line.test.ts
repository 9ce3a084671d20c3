import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { escrowDomain, workerDomain } from '../../../src/protocol/domain';
import {
  LINE_BYTES,
  LINE_ID_BYTES,
  NO_FEE_RECIPIENT,
  lineFields,
  lineId,
  lineImage,
} from '../../../src/protocol/line';
import { structOf } from './arbitraries';

const sha = (data: Buffer): Buffer => createHash('sha256').update(data).digest();

describe('line', () => {
  it('takes 90 bytes, and its id is the first 20 of their SHA-256', () => {
    fc.assert(
      fc.property(structOf(lineFields), (line) => {
        expect(lineImage(line)).toHaveLength(LINE_BYTES);
        expect(lineId(line)).toEqual(sha(lineImage(line)).subarray(0, LINE_ID_BYTES));
      }),
    );
  });

  it('has another id when any field differs', () => {
    fc.assert(
      fc.property(structOf(lineFields), structOf(lineFields), (line, other) => {
        for (const field of ['workerAddress', 'settleBy', 'feeBps', 'feeTo', 'workerKey'] as const) {
          const changed = { ...line, [field]: other[field] };
          expect(lineId(changed).equals(lineId(line))).toBe(lineImage(changed).equals(lineImage(line)));
        }
      }),
    );
  });

  it('without a router has the zero recipient', () => {
    expect(NO_FEE_RECIPIENT).toEqual(Buffer.alloc(20));
  });
});

describe('domain', () => {
  const scope = { networkId: -239, registry: Buffer.alloc(32, 1), self: Buffer.alloc(32, 2) };

  it('is the SHA-256 of magic, network, registry, own address and, for an escrow, its birth', () => {
    const body = Buffer.concat([Buffer.from('ffffff11', 'hex'), scope.registry, scope.self]);
    const born = Buffer.from('000000000000002a', 'hex');
    expect(workerDomain(scope)).toEqual(sha(Buffer.concat([Buffer.from('cocoon/worker/v1\0'), body])));
    expect(escrowDomain(scope, 42n)).toEqual(
      sha(Buffer.concat([Buffer.from('cocoon/escrow/v1\0'), body, born])),
    );
  });

  it('differs for another network, registry, contract, birth or kind of contract', () => {
    const other = Buffer.alloc(32, 3);
    const domains = [
      escrowDomain(scope, 42n),
      escrowDomain({ ...scope, networkId: -3 }, 42n),
      escrowDomain({ ...scope, registry: other }, 42n),
      escrowDomain({ ...scope, self: other }, 42n),
      escrowDomain({ ...scope, registry: scope.self, self: scope.registry }, 42n),
      escrowDomain(scope, 43n),
      workerDomain(scope),
    ].map((domain) => domain.toString('hex'));
    expect(new Set(domains).size).toBe(domains.length);
  });

  it('is refused for addresses of a wrong size and numbers out of range', () => {
    const long = { ...scope, registry: Buffer.alloc(33) };
    expect(() => escrowDomain(long, 1n)).toThrow('escrow domain.registry: a buffer of 33 bytes');
    expect(() => workerDomain(long)).toThrow(RangeError);
    expect(() => escrowDomain({ ...scope, networkId: 2 ** 31 }, 1n)).toThrow(RangeError);
    expect(() => escrowDomain(scope, 2n ** 64n)).toThrow(RangeError);
    expect(escrowDomain(scope, 2n ** 64n - 1n)).toHaveLength(32);
  });
});
