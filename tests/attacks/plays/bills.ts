import { nano } from '../../../src/protocol/amounts';
import { jobRecordImage, type JobRecord } from '../../../src/protocol/jobRecord';
import { appendWithProof, EMPTY_RANGE, leafHash, rootOf } from '../../../src/protocol/mountainRange';
import { jobFee } from '../../../src/protocol/price';
import { askLayout, type Receipt } from '../../../src/protocol/signed';
import type { Tricks } from '../../unit/client/network/worker';
import type { Play } from '../play';

const FOREIGN = Buffer.alloc(32, 0x66);

/** Money is at stake: the genuine escrow is there. The form of the answer makes no difference to a bill. */
function billing(tricks: Tricks): Play {
  return { options: { money: true }, forms: ['json'], lie: ({ worker }) => void (worker.tricks = tricks) };
}

const record = (change: Partial<JobRecord>): Play =>
  billing({ record: (honest) => ({ ...honest, ...change }) });
const receipt = (change: (honest: Receipt) => Partial<Receipt>): Play =>
  billing({ receipt: (honest) => ({ ...honest, ...change(honest) }) });

/** A second history of the line, which begins with this job, proof and root included. */
function forked(): Tricks {
  let leaf: Buffer = Buffer.alloc(0);
  let fee = 0n;
  const fork = () => appendWithProof(EMPTY_RANGE, leaf);
  return {
    record(honest) {
      leaf = leafHash(jobRecordImage(honest));
      fee = honest.fee;
      return honest;
    },
    proof: () => fork().proof,
    receipt: (honest) => ({ ...honest, jobs: 1n, jobsRoot: rootOf(fork().range), total: fee }),
  };
}

/** The lie comes with the second job of the line. */
function secondJob(tricks: Tricks): Play {
  return {
    ...billing(tricks),
    async lie(scene) {
      await scene.ask();
      scene.worker.tricks = tricks;
    },
    isPaid: true,
  };
}

export const BILLS: Record<string, Play> = {
  'fee-above-price': billing({ fee: (fee) => nano(fee + 1n) }),
  'fee-above-ticket': record({ fee: nano(1_000_000n) }),
  'unknown-ask': record({ askHash: FOREIGN }),
  'dearer-ask': {
    ...billing({}),
    async lie(scene) {
      const { worker, network } = scene;
      // Both are in its offers one after the other, so that the client knows them.
      worker.setPrices({ promptPrice: 3_000_000n });
      const dear = worker.ask;
      await scene.client.models();
      worker.setPrices({ promptPrice: 1_000_000n });
      network.clock.advance(3);
      await scene.client.models();
      const askHash = askLayout.hash(dear);
      worker.tricks = {
        record: (honest) => ({ ...honest, askHash, fee: jobFee(dear, honest) }),
      };
    },
  },
  'tokens-above-maximum': billing({ usage: (u) => ({ ...u, completionTokens: 65 }) }),
  'tokens-above-answer': billing({ usage: (u) => ({ ...u, completionTokens: u.completionTokens + 1 }) }),
  'prompt-above-answer': billing({ usage: (u) => ({ ...u, promptTokens: u.promptTokens + 1 }) }),
  'cached-billed-as-fresh': billing({ usage: (u) => ({ ...u, cachedTokens: 0 }) }),
  'cached-never-sent': record({ cachedTokens: 31 }),
  'reasoning-above-tokens': record({ reasoningTokens: 13 }),
  'audio-invented': billing({ usage: (u) => ({ ...u, audioMs: 60_000 }) }),
  'record-of-another-ticket': record({ ticketHash: FOREIGN }),
  'record-of-another-request': record({ requestHash: FOREIGN }),
  'record-of-another-answer': record({ responseHash: FOREIGN }),
  'record-of-another-model': record({ modelHash: FOREIGN }),
  'record-of-another-image': record({ imageId: FOREIGN }),
  'record-not-in-receipt': billing({ proof: (proof) => ({ ...proof, siblings: [FOREIGN] }) }),
  'other-root': receipt(() => ({ jobsRoot: FOREIGN })),
  'jobs-never-ordered': receipt((r) => ({ jobs: r.jobs + 1n })),
  'receipt-above-tickets': receipt((r) => ({ total: r.total + 1n })),
  'receipt-above-cap': receipt(() => ({ total: 50_000_001n })),
  'receipt-below-job': receipt((r) => ({ total: r.total - 1n })),
  'receipt-for-other-line': receipt(() => ({ lineId: Buffer.alloc(20, 0x66) })),
  'receipt-for-other-escrow': receipt(() => ({ domain: FOREIGN })),
  'receipt-by-other-key': billing({ signWith: FOREIGN }),
  'conflicting-receipts': secondJob(forked()),
  'receipt-takes-back': secondJob({ receipt: (r) => ({ ...r, total: r.total - 1n }) }),
};
