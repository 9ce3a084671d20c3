import { nano } from '../../../src/protocol/amounts';
import { jobRecordImage, parseJobRecord } from '../../../src/protocol/jobRecord';
import type { AuditItem } from '../../unit/client/network/worker';
import type { Play } from '../play';
import type { Scene, Told } from '../scene';

/** A reply that was cut makes the client ask its worker, after the next job, what became of it. */
function auditing(audit: (items: AuditItem[]) => AuditItem[]): Play {
  return {
    options: { money: true },
    forms: ['json'],
    isPaid: true,
    async lie(scene) {
      const { worker, network } = scene;
      await scene.ask();
      worker.tricks = { frames: (frames) => frames.slice(0, 3) };
      await scene.ask();
      worker.tricks = { audit };
      network.clock.advance(60);
    },
    ask: whatTheAuditFinds,
  };
}

/** The audit runs behind the answer: its refusal is told to whoever watches the client. */
async function whatTheAuditFinds(scene: Scene): Promise<Told> {
  const { faults } = scene.network;
  const before = faults.length;
  await scene.ask();
  for (let turn = 0; turn < 1_000 && faults.length === before; turn++) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  const fault = faults[before];
  return { status: 502, text: String(fault?.error), code: fault?.error.code ?? null };
}

function flipped(base64: string, at: number): string {
  const bytes = Buffer.from(base64, 'base64');
  bytes[at < 0 ? bytes.length + at : at]! ^= 1;
  return bytes.toString('base64');
}

function dearer(record: string): string {
  const parsed = parseJobRecord(Buffer.from(record, 'base64'));
  return jobRecordImage({ ...parsed, fee: nano(1_000_000n) }).toString('base64');
}

export const AUDITS: Record<string, Play> = {
  'audit-hides-a-job': auditing((items) => items.slice(1)),
  'audit-counts-twice': auditing((items) => [...items, items[0]!]),
  'audit-makes-up-a-ticket': auditing((items) =>
    items.map((one) => ({ ...one, ticket: flipped(one.ticket, -1) })),
  ),
  'audit-changes-a-record': auditing((items) =>
    items.map((one) => ({ ...one, record: flipped(one.record, 100) })),
  ),
  'audit-swaps-tickets': auditing((items) =>
    items.map((one, i) => ({ ...one, ticket: items[(i + 1) % items.length]!.ticket })),
  ),
  'audit-reorders-jobs': auditing((items) => [...items].reverse()),
  'audit-above-ticket': auditing((items) => items.map((one) => ({ ...one, record: dearer(one.record) }))),
  'audit-of-scraps': auditing((items) => items.map((one) => ({ ...one, ticket: 'AAAA' }))),
};
