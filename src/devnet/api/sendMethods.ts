import { beginCell, Cell, external, loadTransaction, storeMessage } from '@ton/core';
import { z } from 'zod';
import { ApiError } from './apiError';
import { method } from './method';
import { addressParam, base64Param, booleanParam } from './params';

const withBoc = z.object({ boc: base64Param });

export const sendBoc = method(withBoc, async ({ mempool }, { boc }) => {
  await mempool.submit(boc);
  return { '@type': 'ok' };
});

export const sendBocReturnHash = method(withBoc, async ({ mempool }, { boc }) => {
  const { hash, normalizedHash } = await mempool.submit(boc);
  return {
    '@type': 'raw.extMessageInfo',
    hash: hash.toString('base64'),
    hash_norm: normalizedHash.toString('base64'),
  };
});

const optionalCell = z
  .string()
  .default('')
  .transform((text, context): Cell | null => {
    try {
      return text === '' ? null : Cell.fromBase64(text);
    } catch {
      context.addIssue({ code: 'custom', message: 'a base64 BoC with one root' });
      return z.NEVER;
    }
  });

export const estimateFee = method(
  z.object({
    address: addressParam,
    body: optionalCell,
    init_code: optionalCell,
    init_data: optionalCell,
    ignore_chksig: booleanParam.default(true),
  }),
  async (
    { collator },
    { address, body, init_code: code, init_data: data, ignore_chksig: ignoreSignatures },
  ) => {
    const init = code && data ? { code, data } : null;
    const message = external({ to: address, body: body ?? Cell.EMPTY, ...(init ? { init } : {}) });
    const cell = beginCell().store(storeMessage(message)).endCell();
    const trial = await collator.trial(address, cell, { ignoreSignatures });
    if (!trial.ok) throw new ApiError(500, `LITE_SERVER_UNKNOWN: ${trial.reason}`);
    return { '@type': 'query.fees', source_fees: feesJson(trial.transaction), destination_fees: [] };
  },
);

function feesJson(cell: Cell) {
  const { description, totalFees, outMessages } = loadTransaction(cell.beginParse());
  if (description.type !== 'generic') throw new ApiError(500, 'LITE_SERVER_UNKNOWN: no ordinary transaction');
  const storage = description.storagePhase?.storageFeesCollected ?? 0n;
  const gas = description.computePhase.type === 'vm' ? description.computePhase.gasFees : 0n;
  const action = description.actionPhase?.totalActionFees ?? 0n;
  let forward = action;
  for (const { info } of outMessages.values()) if (info.type === 'internal') forward += info.forwardFee;
  return {
    '@type': 'fees',
    // What is left of the transaction's own fees once the others are named: the import of the message.
    in_fwd_fee: Number(totalFees.coins - storage - gas - action),
    storage_fee: Number(storage),
    gas_fee: Number(gas),
    fwd_fee: Number(forward),
  };
}
