import type { Timers } from '../channel';
import type { Chain, Clock, EscrowState } from '../chain/types';
import { openEntry, type AllocateEntry } from '../protocol/allocate';
import { nano } from '../protocol/amounts';
import { CocoonError } from '../protocol/errors';
import { lineId, type Line } from '../protocol/line';
import { EMPTY_RANGE } from '../protocol/mountainRange';
import { sendAllocation } from './allocation';
import { exhausted } from './exhausted';
import { lineOf, planFunding, type FundingView, type Step, type Wish } from './funding';
import { closableLines, type EndReason, type HeldLine, type UsableLine } from './heldLine';
import { CLIENT_LIMITS } from './limits';
import type { Candidate } from './market';
import { newLine, settleByFor } from './newLine';
import type { FundingRules } from './policy';
import type { Signer } from './signer';
import type { Store } from './store';

/** What is known of the escrow and its lines, as lines.ts keeps it. */
export interface LineView {
  escrow(maxAgeSeconds?: number): Promise<EscrowState>;
  read(): Promise<EscrowState>;
  usable(candidate: Candidate): UsableLine | null;
  held(): readonly HeldLine[];
  hold(line: HeldLine): void;
  end(line: HeldLine, why: EndReason): void;
}

export interface FunderDeps {
  chain: Chain;
  clock: Clock;
  timers: Timers;
  store: Store;
  isAvoided(workerId: string): boolean;
  /** Whether the worker accounted for all jobs of its line; raises come only after that. */
  audit(candidate: Candidate, usable: UsableLine, escrow: EscrowState): Promise<boolean>;
  random(bytes: number): Buffer;
  /** What having lines cost lately, in hundredths of a percent of what was spent. */
  costBps(): number;
}

export interface Funder {
  fund(wishes: readonly Wish[]): Promise<boolean>;
  closeLines(ids: readonly string[], why: EndReason): Promise<void>;
}

/** The one who signs allocations: one at a time, for they share a sequence number. */
export function createFunder(
  config: { signer: Signer; funding: FundingRules },
  view: LineView,
  deps: FunderDeps,
): Funder {
  const { clock, store } = deps;
  let last: Promise<unknown> = Promise.resolve();

  const exclusively = <T>(task: () => Promise<T>): Promise<T> => {
    const run = last.then(task, task);
    last = run.catch(() => undefined);
    return run;
  };

  const send = (before: EscrowState, entries: AllocateEntry[], raiseNano: bigint): Promise<EscrowState> =>
    sendAllocation(before, entries, raiseNano, { ...deps, signer: config.signer, read: view.read });

  const isPossible = ({ candidate }: Wish, escrow: EscrowState): boolean => {
    const now = clock.now();
    // It may have been found out since the wish was made.
    if (deps.isAvoided(candidate.worker.id)) return false;
    return lineOf(view.held(), escrow, candidate, now) !== null || settleByFor(candidate, now) !== null;
  };

  const planOf = (wishes: readonly Wish[], escrow: EscrowState): { steps: Step[] } => {
    const now: FundingView = {
      ...{ rules: config.funding, escrow, held: view.held() },
      ...{ costBps: deps.costBps(), nowUnix: clock.now() },
    };
    const plan = planFunding(now, wishes);
    if ('refused' in plan) throw exhausted(plan, escrow);
    return plan;
  };

  /** The wishes whose lines need no audit, or stand it. */
  const withoutUnaudited = async (
    wishes: readonly Wish[],
    plan: { steps: Step[] },
    escrow: EscrowState,
  ): Promise<Wish[]> => {
    const raised = new Set(plan.steps.flatMap((step) => (step.kind === 'raise' ? [step.line] : [])));
    const honest: Wish[] = [];
    for (const wish of wishes) {
      const own = view.usable(wish.candidate);
      const isUsed = own !== null && (own.line.knownJobs > 0 || own.line.open.size > 0);
      if (!own || !raised.has(own.line) || !isUsed || (await deps.audit(wish.candidate, own, escrow)))
        honest.push(wish);
    }
    return honest;
  };

  /** Stored before the message leaves: the chain keeps only the id, and the fields behind it must not be lost. */
  const enact = (escrow: EscrowState, step: Step): AllocateEntry => {
    const atUnix = Math.floor(clock.now());
    if (step.kind === 'raise') {
      const { line, capNano, raiseNano } = step;
      line.raises.push({ atUnix, raiseNano });
      store.raised(line.id, { atUnix, capNano, raiseNano });
      return { kind: 'raise', cap: nano(capNano), lineId: Buffer.from(line.id, 'hex') };
    }
    const random32 = deps.random(4).readUInt32BE(0);
    const line = newLine(step.candidate, escrow, view.held(), atUnix, random32);
    const opened = heldLine(line, step.candidate, atUnix);
    store.addLine(escrow.domain, opened);
    view.hold(opened);
    return openEntry(opened.line, step.candidate.worker, nano(step.capNano));
  };

  /** Closes of lines that nobody wants travel with an allocation: an entry costs a third of a message. */
  const closesBeside = (escrow: EscrowState, steps: readonly Step[]): AllocateEntry[] => {
    const { allocateBaseNano, allocatePerLineNano } = config.funding;
    const raised = steps.reduce((sum, { raiseNano }) => sum + raiseNano + allocatePerLineNano, 0n);
    const affordable = Number((escrow.freeNano - raised - allocateBaseNano) / allocatePerLineNano);
    const most = Math.max(0, Math.min(affordable, CLIENT_LIMITS.allocateEntries - steps.length));
    return closableLines(escrow, view.held(), clock.now()).slice(0, most).map(closeEntry);
  };

  const fundOnce = async (first: Wish, wishes: readonly Wish[]): Promise<boolean | 'overtaken'> => {
    const hasRoom = (): boolean => (view.usable(first.candidate)?.roomNano ?? -1n) >= first.needNano;
    const before = await view.escrow(0);
    if (hasRoom()) return true;
    if (!isPossible(first, before)) return false;
    const wanted = wishes.filter((wish) => isPossible(wish, before));
    const honest = await withoutUnaudited(wanted, planOf(wanted, before), before);
    if (!honest.includes(first)) return false;
    // An audit may have taken a while, and freed what lost tickets had reserved.
    const escrow = await view.escrow();
    if (hasRoom()) return true;
    const { steps } = planOf(honest, escrow);
    const raiseNano = steps.reduce((sum, step) => sum + step.raiseNano, 0n);
    const closes = closesBeside(escrow, steps);
    await send(escrow, [...steps.map((step) => enact(escrow, step)), ...closes], raiseNano);
    return hasRoom() || 'overtaken';
  };

  return {
    fund: (wishes) =>
      exclusively(async () => {
        const [first] = wishes;
        if (!first) return true;
        // The sequence number moved, and nothing of ours is there: another process with this signer was faster.
        for (let attempt = 0; attempt < CLIENT_LIMITS.allocateAttempts; attempt++) {
          const outcome = await fundOnce(first, wishes);
          if (outcome !== 'overtaken') return outcome;
        }
        throw new CocoonError('line_unknown', 'The escrow did not open or raise the line.');
      }),
    closeLines: (ids, why) =>
      exclusively(async () => {
        const escrow = await view.escrow(0);
        const open = ids.filter((id) => escrow.lines.get(id)?.closeAt === 0);
        for (const line of view.held()) if (open.includes(line.id)) view.end(line, why);
        for (let at = 0; at < open.length; at += CLIENT_LIMITS.allocateEntries) {
          const some = open.slice(at, at + CLIENT_LIMITS.allocateEntries);
          await send(
            await view.escrow(),
            some.map((id) => closeEntry({ id })),
            0n,
          );
        }
      }),
  };
}

function closeEntry({ id }: { id: string }): AllocateEntry {
  return { kind: 'close', lineId: Buffer.from(id, 'hex') };
}

function heldLine(line: Line, candidate: Candidate, nowUnix: number): HeldLine {
  return {
    id: lineId(line).toString('hex'),
    line,
    workerId: candidate.worker.id,
    router: candidate.router,
    openedAtUnix: nowUnix,
    knownNano: 0n,
    knownJobs: 0,
    newest: null,
    open: new Map(),
    audited: { range: EMPTY_RANGE, totalNano: 0n },
    raises: [],
    usedAtUnix: nowUnix,
    ended: null,
  };
}
