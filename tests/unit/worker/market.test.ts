import { keyPairFromSeed } from '../../../src/protocol/ed25519';
import { askLayout, decodeSigned, verifySigned, type Ask } from '../../../src/protocol/signed';
import { createAsks } from '../../../src/worker/asks';
import { createUtilisation, nextPosition, pricesAt } from '../../../src/worker/autopilot';

const KEYS = keyPairFromSeed(Buffer.alloc(32, 1));
const HASH = Buffer.alloc(32, 2);
const FLOOR = { promptPrice: 100n, cachedPrice: 10n, completionPrice: 200n, audioPrice: 0n };
const CEILING = { promptPrice: 300n, cachedPrice: 30n, completionPrice: 600n, audioPrice: 0n };

function setUp(kept: Buffer[] = [], keys = KEYS) {
  const clock = { time: 1_000_000 };
  let seq = kept.length;
  const asks = createAsks(
    {
      domain: Buffer.alloc(32, 3),
      keys,
      models: [{ hash: HASH, band: { floor: FLOOR, ceiling: CEILING }, minCapNano: 5n }],
    },
    {
      now: () => clock.time,
      nextSeq: () => ++seq,
      file: { load: () => [...kept], save: (asks) => void kept.splice(0, kept.length, ...asks) },
    },
  );
  const current = (): Ask => decodeSigned(askLayout, asks.encoded()[0]!).value;
  return { clock, asks, current };
}

describe('autopilot', () => {
  it('price rises while the worker is busy, falls while it is idle, and rests between', () => {
    expect(nextPosition(1_000, 0.76)).toBe(1_500);
    expect(nextPosition(1_000, 0.75)).toBe(1_000);
    expect(nextPosition(1_000, 0.4)).toBe(1_000);
    expect(nextPosition(1_000, 0.39)).toBe(500);
  });

  it('price never leaves the way between floor and ceiling', () => {
    expect(nextPosition(10_000, 1)).toBe(10_000);
    expect(nextPosition(0, 0)).toBe(0);
    expect(pricesAt({ floor: FLOOR, ceiling: CEILING }, 0)).toEqual(FLOOR);
    expect(pricesAt({ floor: FLOOR, ceiling: CEILING }, 10_000)).toEqual(CEILING);
    expect(pricesAt({ floor: FLOOR, ceiling: CEILING }, 5_000).completionPrice).toBe(400n);
  });

  it('utilisation is the mean share of busy slots since the last reading', () => {
    const clock = { time: 0 };
    const utilisation = createUtilisation(4, () => clock.time);
    utilisation.busy(2);
    clock.time = 5;
    utilisation.busy(4);
    clock.time = 10;
    expect(utilisation.read()).toBe(0.75);
    clock.time = 20;
    expect(utilisation.read()).toBe(1);
    expect(utilisation.read()).toBe(1);
  });
});

describe('asks', () => {
  it('worker signs its ask at the floor and moves it with its load, a higher number each time', () => {
    const { asks, current } = setUp();
    const signed = decodeSigned(askLayout, asks.encoded()[0]!);
    expect(verifySigned(askLayout, signed, KEYS.publicKey)).toBe(true);
    expect(current()).toMatchObject({ ...FLOOR, seq: 1, minCap: 5n });
    expect(asks.step(1)).toBe(true);
    expect(current()).toMatchObject({ promptPrice: 110n, seq: 2 });
    expect(asks.step(0.5)).toBe(false);
    expect(current().seq).toBe(2);
  });

  it('worker renews an ask before it ends', () => {
    const { asks, clock, current } = setUp();
    clock.time = 1_000_360;
    expect(asks.renew()).toBe(false);
    clock.time = 1_000_361;
    expect(asks.renew()).toBe(true);
    expect(current()).toMatchObject({ seq: 2, notAfter: 1_000_961 });
  });

  it('job is priced by the ask that the client names while it is valid, else by the cheapest valid one', () => {
    const { asks, clock, current } = setUp();
    const cheap = askLayout.hash(current());
    clock.time += 100;
    asks.step(1);
    const dear = askLayout.hash(current());
    expect(asks.binding(HASH, dear)?.ask.promptPrice).toBe(110n);
    expect(asks.binding(HASH, cheap)?.ask.promptPrice).toBe(100n);
    expect(asks.binding(HASH, null)?.hash).toEqual(cheap);
    expect(asks.binding(HASH, Buffer.alloc(32))?.hash).toEqual(cheap);
    clock.time = 1_000_601;
    expect(asks.binding(HASH, cheap)?.hash).toEqual(dear);
    expect(asks.binding(Buffer.alloc(32), null)).toBeNull();
  });

  it('worker that starts again sells at a price that it offered before, until that ask ends', () => {
    const kept: Buffer[] = [];
    const shown = askLayout.hash(setUp(kept).current());
    const { asks, clock, current } = setUp(kept);
    expect(askLayout.hash(current())).not.toEqual(shown);
    expect(asks.binding(HASH, shown)?.hash).toEqual(shown);
    expect(kept).toHaveLength(2);
    clock.time = 1_000_601;
    asks.renew();
    expect(asks.binding(HASH, shown)?.hash).not.toEqual(shown);
    expect(kept).toHaveLength(1);
  });

  it('worker under another key does not stand by what an earlier key offered', () => {
    const kept: Buffer[] = [];
    const shown = askLayout.hash(setUp(kept).current());
    const { asks } = setUp(kept, keyPairFromSeed(Buffer.alloc(32, 9)));
    expect(asks.binding(HASH, shown)?.hash).not.toEqual(shown);
    expect(kept).toHaveLength(1);
  });
});
