import { beginCell, toNano, type Address, type Cell } from '@ton/core';
import { createShardAccount, internal, type Blockchain } from '@ton/sandbox';
import * as registryBinding from '../../build/RegistrySimulated/RegistrySimulated_Registry';
import { Platform } from '../../build/RegistrySimulated/RegistrySimulated_Platform';
import * as workerBinding from '../../build/Worker/Worker_Worker';
import { sha256 } from '../../src/protocol/hash';
import { statementCell } from '../../src/protocol/statement';
import type { TcbFloor } from '../../src/protocol/tcb';
import { allowModelBody } from '../../wrappers/Registry';
import type { MeasuredTcb } from '../../wrappers/Worker';

/** What a verified quote says, as the Platform passes it on. */
export interface Said extends MeasuredTcb {
  imageId: Buffer;
  shape: Buffer;
  statementDigest: Buffer;
}

/** The machine that every test means unless it says another. */
export const MACHINE: Omit<MeasuredTcb, 'blockRoot'> = {
  fmspc: Buffer.from('b0c06f000000', 'hex'),
  pceId: 0,
  pceSvn: 11,
  sgxSvns: Buffer.from('02020202020103020202030100000000', 'hex'),
  teeTcbSvn: Buffer.from('05010200000000000000000000000000', 'hex'),
  teeTcbSvn2: Buffer.alloc(16),
  qeIsvSvn: 4,
};

/** The floor that this machine just reaches. */
export const FLOOR: TcbFloor = {
  pceId: MACHINE.pceId,
  pceSvn: MACHINE.pceSvn,
  sgxSvns: MACHINE.sgxSvns,
  teeTcbSvn: MACHINE.teeTcbSvn,
  qeIsvSvn: MACHINE.qeIsvSvn,
};

/** Whose floor holds for every family without its own. */
export const ANY_FAMILY = Buffer.alloc(6);

export const PPID_HASH = sha256(Buffer.from('a machine'));

export function measuredCell({ imageId, shape, statementDigest }: Said): Cell {
  return beginCell()
    .store(
      workerBinding.storeMeasured({
        $$type: 'Measured',
        imageId: integer(imageId),
        shape: integer(shape),
        statementDigest: integer(statementDigest),
      }),
    )
    .endCell();
}

export function tcbCell(tcb: MeasuredTcb): Cell {
  return beginCell()
    .store(
      workerBinding.storeTcb({
        $$type: 'Tcb',
        blockRoot: integer(tcb.blockRoot),
        fmspc: integer(tcb.fmspc),
        pceId: BigInt(tcb.pceId),
        pceSvn: BigInt(tcb.pceSvn),
        sgxSvns: integer(tcb.sgxSvns),
        teeTcbSvn: integer(tcb.teeTcbSvn),
        teeTcbSvn2: integer(tcb.teeTcbSvn2),
        qeIsvSvn: BigInt(tcb.qeIsvSvn),
      }),
    )
    .endCell();
}

/** What the Platform of the simulated root says to its Registry. */
export function quoteVerifiedBody(quote: {
  said: Said;
  provider: Address;
  index: number;
  certifiedUntil: number;
  responseTo: Address;
  ppidHash?: Buffer;
}): Cell {
  return beginCell()
    .store(
      registryBinding.storeQuoteVerified({
        $$type: 'QuoteVerified',
        ppidHash: integer(quote.ppidHash ?? PPID_HASH),
        provider: quote.provider,
        index: BigInt(quote.index),
        certifiedUntil: BigInt(quote.certifiedUntil),
        measured: measuredCell(quote.said),
        tcb: tcbCell(quote.said),
        responseTo: addressCell(quote.responseTo),
      }),
    )
    .endCell();
}

/** What a Platform says whose last slot went to another Worker. */
export function slotRefusedBody(refused: {
  ppidHash: Buffer;
  provider: Address;
  index: number;
  responseTo: Address;
}): Cell {
  return beginCell()
    .store(
      registryBinding.storeSlotRefused({
        $$type: 'SlotRefused',
        ppidHash: integer(refused.ppidHash),
        provider: refused.provider,
        index: BigInt(refused.index),
        responseTo: addressCell(refused.responseTo),
      }),
    )
    .endCell();
}

/** What only a Registry may say to a Worker. */
export function attestedBody(attested: {
  said: Said;
  platform: Buffer;
  notAfter: number;
  minStakeNano: bigint;
  responseTo: Address;
}): Cell {
  return beginCell()
    .store(
      workerBinding.storeAttested({
        $$type: 'Attested',
        platform: integer(attested.platform),
        notAfter: BigInt(attested.notAfter),
        minStake: attested.minStakeNano,
        measured: measuredCell(attested.said),
        tcb: tcbCell(attested.said),
        responseTo: addressCell(attested.responseTo),
      }),
    )
    .endCell();
}

export function workerAdmittedBody(admitted: {
  platform: Buffer;
  activeUntil: number;
  provider: Address;
  index: number;
  responseTo: Address;
}): Cell {
  return beginCell()
    .store(
      workerBinding.storeWorkerAdmitted({
        $$type: 'WorkerAdmitted',
        platform: integer(admitted.platform),
        activeUntil: BigInt(admitted.activeUntil),
        provider: admitted.provider,
        index: BigInt(admitted.index),
        responseTo: addressCell(admitted.responseTo),
      }),
    )
    .endCell();
}

/** An Announce whose models are any cells. */
export function announceBody(image: Uint8Array, models: Cell): Cell {
  return beginCell()
    .store(workerBinding.storeAnnounce({ $$type: 'Announce', statement: statementCell(image), models }))
    .endCell();
}

/** Each part in a cell of its own, the next one in its reference. */
export function cellChain(parts: readonly Buffer[]): Cell {
  return parts.reduceRight<Cell | null>((rest, part) => {
    const builder = beginCell().storeBuffer(part);
    return (rest ? builder.storeRef(rest) : builder).endCell();
  }, null)!;
}

/** A chain of models whose first cell has a second reference. */
export function forkedChain(first: Buffer, second: Buffer): Cell {
  const rest = beginCell().storeBuffer(second).endCell();
  return beginCell().storeBuffer(first).storeRef(rest).storeRef(beginCell().endCell()).endCell();
}

/** Bits that are no whole bytes, alone or behind another cell. */
export function oddCells(first: Buffer): Cell[] {
  const odd = beginCell().storeUint(1, 7).endCell();
  return [odd, beginCell().storeBuffer(first).storeRef(odd).endCell()];
}

/** What comes back of a message that was refused: its opcode is all that is read. */
export function bouncedBody(opcode: number): Cell {
  return beginCell().storeUint(0xffffffff, 32).storeUint(opcode, 32).endCell();
}

export function statementClearedBody(statementDigest: Buffer, responseTo: Address): Cell {
  return beginCell()
    .store(
      workerBinding.storeStatementCleared({
        $$type: 'StatementCleared',
        statementDigest: integer(statementDigest),
        responseTo,
      }),
    )
    .endCell();
}

export function slotDeniedBody(platform: Buffer, responseTo: Address): Cell {
  return beginCell()
    .store(
      workerBinding.storeSlotDenied({
        $$type: 'SlotDenied',
        platform: integer(platform),
        responseTo: addressCell(responseTo),
      }),
    )
    .endCell();
}

export async function platformOf(registry: Address, ppidHash = PPID_HASH): Promise<Address> {
  return (await Platform.fromInit(registry, integer(ppidHash))).address;
}

/** Puts a genuine Platform there, as its first quote would have. */
export async function deployPlatform(
  chain: Blockchain,
  registry: Address,
  ppidHash = PPID_HASH,
): Promise<Address> {
  const { code, data } = await Platform.init(registry, integer(ppidHash));
  const address = await platformOf(registry, ppidHash);
  await chain.setShardAccount(
    address,
    createShardAccount({ address, code, data, balance: PLATFORM_BALANCE }),
  );
  return address;
}

const PLATFORM_BALANCE = 60_000_000n;
const BLOCKS = 16;

/** Sixteen other Workers take every slot for a day. */
export async function fillSlots(chain: Blockchain, registry: Address, platform: Address): Promise<void> {
  for (let index = 0; index < SLOTS; index++) {
    const body = beginCell()
      .store(
        registryBinding.storeSlotTaken({
          $$type: 'SlotTaken',
          worker: BigInt(index),
          heldUntil: BigInt(chain.now! + 86_400),
          provider: registry,
          index: BigInt(index),
          responseTo: addressCell(registry),
        }),
      )
      .endCell();
    await chain.sendMessage(
      internal({ from: registry, to: platform, value: toNano('1'), bounce: true, body }),
    );
  }
}

const SLOTS = 16;

export async function allowModels(
  chain: Blockchain,
  owner: Address,
  registry: Address,
  models: readonly Buffer[],
): Promise<void> {
  for (const model of models) {
    const body = allowModelBody(model, 'a model');
    await chain.sendMessage(internal({ from: owner, to: registry, value: toNano('1'), bounce: true, body }));
  }
}

/** Root hash of the masterchain block number `seqno` of every test chain. */
export function blockRoot(seqno: number): Buffer {
  return sha256(Buffer.from(`masterchain block ${seqno}`));
}

/** Makes `newest` and the fifteen hundredths before it what the chain knows as recent. */
export function setRecentBlocks(chain: Blockchain, newest: number, count = BLOCKS): void {
  const block = (seqno: number) => ({
    workchain: -1,
    shard: 1n << 63n,
    seqno,
    rootHash: blockRoot(seqno),
    fileHash: Buffer.alloc(32),
  });
  chain.prevBlocks = {
    lastMcBlocks: [block(newest)],
    prevKeyBlock: block(0),
    lastMcBlocks100: Array.from({ length: count }, (_, n) => block(newest - 100 * n)),
  };
}

/** The newest block whose number divides by 100. */
export function recentBlock(chain: Blockchain): number {
  return chain.prevBlocks!.lastMcBlocks100![0]!.seqno;
}

export function addressCell(address: Address): Cell {
  return beginCell().storeAddress(address).endCell();
}

function integer(bytes: Buffer): bigint {
  return BigInt(`0x${bytes.toString('hex')}`);
}
