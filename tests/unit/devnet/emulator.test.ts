import { Cell, Address } from '@ton/core';
import { defaultConfig, Executor } from '@ton/sandbox';
import { EMPTY_ACCOUNT } from '../../../src/devnet/accounts';
import { createEmulator, type EmulationScene } from '../../../src/devnet/emulator';
import {
  FEES_MID_2026,
  readFeeParameters,
  readNetworkId,
  withFeeParameters,
} from '../../../src/devnet/feeParameters';
import { giftMessage } from '../../../src/devnet/messages';
import { blockId, NO_CONTENT, type BlockId } from '../../../src/devnet/timeline';

const TO = new Address(0, Buffer.alloc(32, 1));
const config = withFeeParameters(Cell.fromBase64(defaultConfig), -1001);

const anchor = { seqno: 1, timeMs: 0, intervalMs: 400, contentHash: NO_CONTENT, startLt: 0n, endLt: 0n };
const block = (seqno: number): BlockId => blockId(Buffer.alloc(32), anchor, seqno, -1);
const scene: EmulationScene = {
  unixTime: 1_780_000_000,
  lt: 1_000_000n,
  randomSeed: Buffer.alloc(32),
  prevBlocks: {
    last16: Array.from({ length: 16 }, (_, i) => block(5_000 - i)),
    keyBlock: block(1),
    last16Hundreds: Array.from({ length: 16 }, (_, i) => block(5_000 - 100 * i)),
  },
};
const gift = giftMessage(TO, 1_000n, 1n, scene.unixTime);

/** An executor whose next `traps` calls abort, as WebAssembly does; counts how many were made. */
function abortingExecutors(traps: number) {
  const made: Executor[] = [];
  const create = async (): Promise<Executor> => {
    const genuine = await Executor.create();
    made.push(genuine);
    const inner = genuine as unknown as { runCommon(args: unknown): unknown };
    const run = inner.runCommon.bind(genuine);
    inner.runCommon = (args) => {
      if (traps-- > 0) throw Object.assign(new Error('Aborted(OOM)'), { name: 'RuntimeError' });
      return run(args);
    };
    return genuine;
  };
  return { create, made };
}

describe('the executor', () => {
  test("runs on the prices of 2026, under the devnet's own network id", () => {
    expect(readFeeParameters(config)).toEqual(FEES_MID_2026);
    expect(readNetworkId(config)).toBe(-1001);
  });

  test('is replaced after an abort, and the message is run again', async () => {
    const { create, made } = abortingExecutors(1);
    const emulator = await createEmulator(config, create);
    expect(await emulator.transaction(EMPTY_ACCOUNT, gift, scene)).toMatchObject({ ok: true });
    expect(made).toHaveLength(2);
  });

  test('that aborts on one message twice refuses it, and takes the next one', async () => {
    const { create } = abortingExecutors(2);
    const emulator = await createEmulator(config, create);
    expect(await emulator.transaction(EMPTY_ACCOUNT, gift, scene)).toMatchObject({
      ok: false,
      reason: 'the executor aborted',
    });
    expect(await emulator.transaction(EMPTY_ACCOUNT, gift, scene)).toMatchObject({ ok: true });
  });
});
