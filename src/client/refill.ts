import type { Clock } from '../chain/types';
import type { Auditor } from './audit';
import { reservedUntil, type HeldLine } from './heldLine';
import type { Housekeeping } from './housekeeping';
import { CLIENT_LIMITS } from './limits';
import type { Lines } from './lines';
import type { Candidate, Market } from './market';
import type { Target } from './select';

/** After a refusal nothing is tried again for so long: the money will not be there a moment later. */
const REST_SECONDS = 30;
/** Room for so many jobs like the last one is kept ahead of need. */
const JOBS_AHEAD = 4n;
/** An audit that did not find a lost ticket is not repeated for it sooner: it may never have reached its worker. */
const LOOK_AGAIN_SECONDS = 60;

/**
 * Refills and spare lines in the background, before anybody waits for them: a new line takes seconds. Where a reply
 * was cut, an audit tells what its job cost, so that its ticket reserves no more. Lines that nobody wants are ended
 * first, so that their closes travel with the refill.
 */
export function createRefill(deps: {
  market: Market;
  lines: Lines;
  clock: Clock;
  audit: Auditor;
  house: Pick<Housekeeping, 'judge' | 'tidy'>;
}): {
  afterJob(target: Target): void;
  idle(): Promise<void>;
} {
  const { market, lines, clock, house } = deps;
  let running: Promise<void> | null = null;
  let restUntil = 0;
  let tidiedAt = -Infinity;
  /** By line: the lost tickets that its last audit was for, and when that was. */
  const looked = new Map<string, { tickets: ReadonlySet<string>; atUnix: number }>();

  const run = async (target: Target): Promise<void> => {
    const candidates = await market.candidates();
    await findLost(candidates);
    await house.judge(candidates);
    try {
      await fundAhead(target, candidates);
    } finally {
      await tidy();
    }
  };

  const fundAhead = async (
    { candidate, maxFeeNano }: Target,
    candidates: readonly Candidate[],
  ): Promise<void> => {
    const sameModel = candidates.filter(({ model }) => model.id === candidate.model.id);
    const spares = lines.spares(sameModel, 0);
    const low = (lines.usable(candidate)?.roomNano ?? 0n) < maxFeeNano * JOBS_AHEAD;
    const wishes = [...(low ? [candidate] : []), ...spares].map((wish) => ({
      candidate: wish,
      needNano: wish === candidate ? maxFeeNano * JOBS_AHEAD : maxFeeNano,
    }));
    if (wishes.length > 0) await lines.fund(wishes);
  };

  const tidy = async (): Promise<void> => {
    if (clock.now() < tidiedAt + CLIENT_LIMITS.housekeepingSeconds) return;
    tidiedAt = clock.now();
    await house.tidy();
  };

  /**
   * Audits every line that a lost ticket still holds room of, not only the last job's: a line that is all reserved
   * gets no job any more.
   */
  const findLost = async (candidates: readonly Candidate[]): Promise<void> => {
    const now = clock.now();
    for (const candidate of candidates) {
      const usable = lines.usable(candidate);
      if (!usable) continue;
      const tickets = lostTickets(usable.line, now);
      const before = looked.get(usable.line.id);
      const isRecent = before !== undefined && now < before.atUnix + LOOK_AGAIN_SECONDS;
      if (tickets.every((id) => isRecent && before.tickets.has(id))) continue;
      looked.set(usable.line.id, { tickets: new Set(tickets), atUnix: now });
      await deps.audit(candidate, usable, await lines.escrow());
    }
  };

  return {
    afterJob(target) {
      if (running || clock.now() < restUntil) return;
      running = run(target)
        .catch(() => {
          // Nobody waits for this: the next request that needs the room is told why it cannot have it.
          restUntil = clock.now() + REST_SECONDS;
        })
        .finally(() => {
          running = null;
        });
    },
    async idle() {
      await running;
    },
  };
}

/** Tickets whose reply nobody reads any more, and that may well be billed. */
function lostTickets(line: HeldLine, nowUnix: number): string[] {
  return [...line.open]
    .filter(([, ticket]) => !ticket.running && !ticket.refused && nowUnix <= reservedUntil(ticket))
    .map(([id]) => id);
}
