import assert from 'node:assert/strict';
import { inspect } from 'node:util';
import { verifySigned, receiptLayout } from '../../src/protocol/signed';
import { decodeEnvelope } from '../../src/protocol/wire';
import type { SettleItem } from '../../wrappers/Escrow';
import { formsFound } from '../e2e/support/needles';
import { ANSWER_SECRET, PROMPT_SECRET } from './engine';
import type { Attack } from './list';
import type { Scene, Told } from './scene';

/** What all lies have in common: how each of them must end. Every function throws AssertionError. */

/** The caller is told the one name of the lie, and nothing that looks like an answer. */
export function refused(attack: Attack, told: Told): void {
  assert.equal(told.code, attack.refusal, `the caller was told ${told.text.slice(0, 600)}`);
  assert.ok(!told.text.includes('[DONE]'), 'a refused stream ends with [DONE]');
  assert.ok(told.status >= 400 || told.text.startsWith('data: '), 'a refusal looks like an answer');
}

/** The directory's row was left out for that reason. */
export function unlisted(attack: Attack, scene: Scene): void {
  const reasons = scene.client.refusedWorkers().map(({ link, reason }) => `${link}: ${reason}`);
  const isNamed = reasons.some((reason) => reason.startsWith(`${attack.link}: ${attack.because}`));
  assert.ok(isNamed, `left out for ${reasons.join('; ')}`);
}

/** Nothing that a router or the caller's log got holds a planted word, in whatever form it may be written. */
export function nothingLeaked({ router, otherRouter, network }: Scene): void {
  const carried = [...router.seen, ...otherRouter.seen];
  assert.deepEqual(formsFound(PROMPT_SECRET, carried), [], 'the prompt was sent in the open');
  const logged = [Buffer.from(inspect(network.faults, { depth: 20, maxStringLength: null }))];
  for (const secret of [PROMPT_SECRET, ANSWER_SECRET]) {
    assert.deepEqual(formsFound(secret, logged), [], `a log holds "${secret}"`);
  }
}

/** In the books no job costs more than its ticket, and none that was refused costs anything. */
export async function nothingOverpaid(scene: Scene, free: boolean): Promise<void> {
  const jobs = scene.client.receipts();
  for (const { costNano, maxFeeNano } of jobs) {
    assert.ok((costNano ?? 0n) <= maxFeeNano, `a job cost ${costNano} of ${maxFeeNano}`);
    if (free) assert.equal(costNano ?? 0n, 0n, 'a refused job was booked');
  }
  const authorised = jobs.reduce((sum, { maxFeeNano }) => sum + maxFeeNano, 0n);
  const lines = await scene.client.lines();
  const spent = lines.reduce((sum, { spentNano }) => sum + spentNano, 0n);
  assert.ok(spent <= authorised, `the books show ${spent} of ${authorised}`);
}

/**
 * The liar brings the best receipt of each line to the genuine escrow: it takes no more than the line's cap, and, where
 * the worker was honest, no more than the tickets allowed.
 */
export async function escrowHolds(scene: Scene, liar: Attack['liar']): Promise<void> {
  const { emulated, router, otherRouter } = scene;
  if (!emulated) return;
  const { chain } = emulated;
  const items = bestReceipts(scene);
  await chain.settle(items);
  const escrow = (await chain.escrow(chain.address))!;
  const maxima = new Map<string, bigint>();
  for (const job of [...router.jobs, ...otherRouter.jobs]) {
    const { lineId, maxFee } = decodeEnvelope(job).ticket.value;
    const id = lineId.toString('hex');
    maxima.set(id, (maxima.get(id) ?? 0n) + maxFee);
  }
  for (const { receipt } of items) {
    const id = receipt.lineId.toString('hex');
    const entry = escrow.lines.get(id)!;
    assert.ok(entry.paidNano <= entry.capNano, `line ${id} was paid ${entry.paidNano} of ${entry.capNano}`);
    const honest = liar === 'router' ? maxima.get(id)! : entry.capNano;
    assert.equal(
      entry.paidNano,
      receipt.total < honest ? receipt.total : honest,
      'the escrow paid another amount',
    );
  }
}

function bestReceipts({ router, otherRouter, worker, otherWorker }: Scene): SettleItem[] {
  const lines = new Map(
    [...router.jobs, ...otherRouter.jobs].map((job) => {
      const { line, ticket } = decodeEnvelope(job);
      return [ticket.value.lineId.toString('hex'), { line, domain: ticket.value.domain }] as const;
    }),
  );
  const best = new Map<string, SettleItem>();
  for (const receipt of [...router.receipts, ...otherRouter.receipts]) {
    const id = receipt.value.lineId.toString('hex');
    const known = lines.get(id);
    const isValid =
      known !== undefined &&
      known.domain.equals(receipt.value.domain) &&
      [worker, otherWorker].some(({ key }) => key === known.line.workerKey.toString('hex')) &&
      verifySigned(receiptLayout, receipt, known.line.workerKey);
    if (!known || !isValid || receipt.value.total <= (best.get(id)?.receipt.total ?? 0n)) continue;
    best.set(id, { line: known.line, receipt: receipt.value, signature: receipt.signature });
  }
  return [...best.values()];
}
