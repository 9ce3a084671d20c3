import { ANY_FMSPC, floorFor, isAtOrAbove, type TcbFloor } from '../../../src/protocol/tcb';

const FLOOR: TcbFloor = {
  pceId: 0,
  pceSvn: 11,
  sgxSvns: Buffer.alloc(16, 5),
  teeTcbSvn: Buffer.alloc(16, 5),
  qeIsvSvn: 4,
};

function at(bytes: Uint8Array, place: number, by: number): Buffer {
  const changed = Buffer.from(bytes);
  changed[place]! += by;
  return changed;
}

describe('a machine on its floor is accepted, and refused one below', () => {
  const below: [string, Partial<TcbFloor>][] = [
    ['another PCE', { pceId: 1 }],
    ['PCESVN', { pceSvn: 10 }],
    ['quoting enclave', { qeIsvSvn: 3 }],
    ...Array.from({ length: 16 }, (_, i): [string, Partial<TcbFloor>] => [
      `SGX component ${i}`,
      { sgxSvns: at(FLOOR.sgxSvns, i, -1) },
    ]),
    ...Array.from({ length: 16 }, (_, i): [string, Partial<TcbFloor>] => [
      `TDX component ${i}`,
      { teeTcbSvn: at(FLOOR.teeTcbSvn, i, -1) },
    ]),
  ];
  test.each(below)('%s', (_, change) => {
    const higher = {
      ...FLOOR,
      pceSvn: 12,
      qeIsvSvn: 5,
      sgxSvns: Buffer.alloc(16, 6),
      teeTcbSvn: Buffer.alloc(16, 6),
    };
    expect(isAtOrAbove(FLOOR, FLOOR)).toBe(true);
    expect(isAtOrAbove(higher, FLOOR)).toBe(true);
    expect(isAtOrAbove({ ...FLOOR, ...change }, FLOOR)).toBe(false);
  });

  test('a newer TDX module may begin with a lower SVN, an older one has no high enough', () => {
    const newer = at(at(FLOOR.teeTcbSvn, 1, 1), 0, -5);
    const older = at(at(FLOOR.teeTcbSvn, 1, -1), 0, 9);
    expect(isAtOrAbove({ ...FLOOR, teeTcbSvn: newer }, FLOOR)).toBe(true);
    expect(isAtOrAbove({ ...FLOOR, teeTcbSvn: older }, FLOOR)).toBe(false);
  });
});

test('a family has its own floor, else that of all others, else none', () => {
  const own = { ...FLOOR, pceSvn: 1 };
  const floors = new Map([
    ['b0c06f000000', own],
    [ANY_FMSPC, FLOOR],
  ]);
  expect(floorFor(floors, 'b0c06f000000')).toBe(own);
  expect(floorFor(floors, '90c06f000000')).toBe(FLOOR);
  expect(floorFor(new Map(), '90c06f000000')).toBeNull();
});
