import { beginCell, type Cell } from '@ton/core';
import { storeSlash } from '../../../build/Worker/Worker_Worker';
import { sign, type KeyPair } from '../../../src/protocol/ed25519';
import { receiptLayout, type Receipt } from '../../../src/protocol/signed';
import { SLASH_REPORTER_BPS } from '../../../wrappers/Worker';
import { OUTSIDER, REGISTRY, SIGNERS, WORKERS } from './cast';
import { demand, demandSame } from './demand';
import type { Proof } from './steps';
import { command, PLENTY, refusal } from './workerSteps';
import * as rules from './workerRules';
import type { World } from './world';

const NO_CONTRADICTION = 1161;
const BAD_RECEIPT = 1162;
const OUTSIDER_HASH = OUTSIDER.hash.toString('hex');
const REGISTRY_HASH = REGISTRY.hash.toString('hex');
/** What the messages to treasury and Registry cost beside what they carry. */
const MESSAGES = 10_000_000n;

/** Anybody shows two receipts of a key. A proof takes the whole stake and not a nanoton of anything else. */
export async function slash(
  world: World,
  index: number,
  key: 'fresh' | 'old' | 'never',
  proof: Proof,
): Promise<void> {
  const { keys } = WORKERS[index]!;
  const name = (pair: KeyPair): string => pair.publicKey.subarray(0, 16).toString('hex');
  let taken = 0n;
  const ran = await command(
    world,
    index,
    { from: OUTSIDER, value: PLENTY, body: proofBody(keys[key], proof) },
    (books, held) => {
      const slashed = rules.slash(books, name(keys[key]), held, world.now, name(keys.fresh));
      if (typeof slashed === 'number') return refusal(slashed);
      if (proof === 'one history') return refusal(NO_CONTRADICTION);
      if (proof === 'foreign signature') return refusal(BAD_RECEIPT);
      taken = held - slashed.kept;
      return { exit: 0, keep: slashed.kept };
    },
  );
  if (ran.exit !== 0) {
    world.counts.refused_slash++;
    return;
  }
  const reward = (taken * BigInt(SLASH_REPORTER_BPS)) / 10_000n;
  const valueTo = (to: string): bigint => ran.sent.find((sent) => sent.to === to)?.value ?? 0n;
  demandSame(
    valueTo(world.workers[index]!.books.treasury),
    taken - reward,
    "I-1: the treasury's part of a stake",
  );
  const reported = valueTo(OUTSIDER_HASH) + valueTo(REGISTRY_HASH);
  demand(reported + MESSAGES >= PLENTY + reward, () => `I-1: ${reported} left for the reporter`);
  world.counts.slash++;
}

function proofBody(keys: KeyPair, proof: Proof): Cell {
  const receipt: Receipt = {
    domain: Buffer.alloc(32, 5),
    lineId: Buffer.alloc(20, 6),
    total: 1_000n,
    jobs: 3n,
    jobsRoot: Buffer.alloc(32, 1),
    issuedAt: 1_780_000_000,
    flags: 0,
  };
  const other = { ...receipt, total: 2_000n };
  const second = proof === 'one history' ? receipt : other;
  const signer = proof === 'foreign signature' ? SIGNERS[0]! : keys;
  return beginCell()
    .store(
      storeSlash({
        $$type: 'Slash',
        receiptKey: BigInt(`0x${keys.publicKey.toString('hex')}`),
        domain: BigInt(`0x${receipt.domain.toString('hex')}`),
        lineId: BigInt(`0x${receipt.lineId.toString('hex')}`),
        jobs: receipt.jobs,
        first: toldCell(receipt, keys),
        second: toldCell(second, signer),
      }),
    )
    .endCell();
}

// slash_receipt total:uint64 jobsRoot:bits256 issuedAt:uint32 flags:uint8 signature:bits512 = SlashReceipt
function toldCell(receipt: Receipt, keys: KeyPair): Cell {
  const { total, jobsRoot, issuedAt, flags } = receipt;
  return beginCell()
    .storeUint(total, 64)
    .storeBuffer(jobsRoot, 32)
    .storeUint(issuedAt, 32)
    .storeUint(flags, 8)
    .storeBuffer(sign(receiptLayout.hash(receipt), keys), 64)
    .endCell();
}
