import type { Address } from '@ton/core';
import OpenAI from 'openai';
import { settleBody } from '../../wrappers/Escrow';
import { settleValueNano } from '../../wrappers/escrowCosts';
import { withdraw } from '../chain/accounts';
import type { HeldReceipt } from '../chain/dues';
import { nano, parseCoins, type Nano } from '../protocol/amounts';
import { LIMITS } from '../protocol/limits';
import type { Customer } from './customer';
import type { DemoWorker } from './provider';
import type { Refusal } from './result';
import type { Stage } from './stage';

/** Things that go wrong on purpose. Each answers with what the one who tried was told. */

const LONG_ANSWER_TOKENS = 400;
/** So much output that no line has room for its worst price. */
const TOO_LONG_TOKENS = 3_500;
const DRY_TRIES = 50;

/**
 * Kills the worker that is answering, in the middle of its stream. The client must see an error, never the end of a
 * whole answer.
 */
export async function killInMidStream(
  customer: Customer,
  model: string,
  kill: (workerHash: string) => Promise<DemoWorker>,
): Promise<{ worker: DemoWorker; refusal: Refusal; piecesSeen: number }> {
  const { data: stream, response } = await customer.openai.chat.completions
    .create({
      model,
      messages: [{ role: 'user', content: 'A long story, please.' }],
      max_tokens: LONG_ANSWER_TOKENS,
      stream: true,
    })
    .withResponse();
  const hash = response.headers.get('x-cocoon-worker') ?? '';
  let piecesSeen = 0;
  let worker: DemoWorker | null = null;
  try {
    for await (const chunk of stream) {
      if (!chunk.choices[0]?.delta.content) continue;
      piecesSeen += 1;
      worker ??= await kill(hash);
    }
  } catch (error) {
    if (!worker) throw error;
    const refusal = {
      who: customer.name,
      what: `a stream whose worker (${worker.name}) was killed after ${piecesSeen} pieces`,
      ...told(error),
    };
    return { worker, refusal, piecesSeen };
  }
  throw new Error('the worker was killed, and its stream ended as if nothing had happened');
}

/** Takes all free money out and asks for more than the lines still hold. */
export async function runDry(customer: Customer, model: string): Promise<Refusal> {
  await withdraw(customer.actor.wallet, customer.escrow, 0n);
  for (let tries = 0; tries < DRY_TRIES; tries++) {
    try {
      await customer.openai.chat.completions.create({
        model,
        messages: [{ role: 'user', content: 'And another one.' }],
        max_tokens: TOO_LONG_TOKENS,
      });
    } catch (error) {
      return { who: customer.name, what: 'a request after everything free was withdrawn', ...told(error) };
    }
  }
  throw new Error('a client without free money was never refused');
}

/** One settle message, sent twice by a stranger to its lines: the first pays, the second changes nothing. */
export async function settleTwice(
  stage: Stage,
  escrow: Address,
  receipts: readonly HeldReceipt[],
): Promise<{ lines: number; firstNano: Nano; secondNano: Nano }> {
  const items = receipts.filter((held) => held.escrow.equals(escrow.hash)).slice(0, LIMITS.settleBatchLines);
  const body = settleBody(
    items.map(({ line, receipt }) => ({ line, receipt: receipt.value, signature: receipt.signature })),
  );
  const paid: bigint[] = [await paidBy(stage, escrow)];
  for (let times = 0; times < 2; times++) {
    const entries = (await stage.chain.escrow(escrow))?.lines.size ?? 0;
    const valueNano = settleValueNano(items.length, entries, stage.chain.prices) + SETTLE_MARGIN;
    await stage.router.wallet.transfer([{ to: escrow, valueNano, body }]);
    paid.push(await paidBy(stage, escrow));
  }
  return { lines: items.length, firstNano: nano(paid[1]! - paid[0]!), secondNano: nano(paid[2]! - paid[1]!) };
}

/** Comes back; only there so that a rise of prices between reading and sending does no harm. */
const SETTLE_MARGIN = parseCoins('0.01');

async function paidBy(stage: Stage, escrow: Address): Promise<bigint> {
  const lines = (await stage.chain.escrow(escrow))?.lines.values() ?? [];
  return [...lines].reduce((sum, line) => sum + line.paidNano, 0n);
}

function told(error: unknown): { code: string; message: string } {
  if (error instanceof OpenAI.APIError)
    return { code: error.code ?? String(error.status), message: error.message };
  return { code: 'error', message: error instanceof Error ? error.message : String(error) };
}
