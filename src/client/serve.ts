import { CocoonError } from '../protocol/errors';
import { pause } from './allocation';
import { noteFault, runOnce, type ServeDeps } from './attempt';
import { faultOf, routeName } from './failures';
import { CLIENT_LIMITS } from './limits';
import type { ModelRequest } from './modelRequest';
import { toCocoonError } from './respond';
import { selectTarget, type Target } from './select';

export type { ServeDeps };

/** Runs one request: a ticket to one worker, and to the next ones while nothing was handed out yet. */
export async function serveModelRequest(
  request: ModelRequest,
  signal: AbortSignal,
  deps: ServeDeps,
): Promise<Response> {
  const tried = new Set<string>();
  const unseen = new Set<string>();
  let waitedMs = 0;
  let authorisedNano = 0n;
  let lastError: CocoonError | null = null;
  for (let attempts = 0; ;) {
    signal.throwIfAborted();
    const stayWith = deps.stayWith.get(request.conversation);
    let target: Target | null;
    try {
      target = await selectTarget(request, { tried, stayWith, waitedMs, authorisedNano }, deps);
    } catch (error) {
      // What went wrong with the last worker says more than that none is left.
      throw lastError && toCocoonError(error).code === 'no_attested_worker' ? lastError : error;
    }
    if (!target) {
      if (waitedMs >= CLIENT_LIMITS.queueMs) {
        throw (
          lastError ?? new CocoonError('no_attested_worker', 'Every verified worker of this model is busy.')
        );
      }
      const since = deps.job.clock.now();
      await deps.load.nextEnd(CLIENT_LIMITS.queuePollMs);
      waitedMs += Math.max(1, (deps.job.clock.now() - since) * 1_000);
      continue;
    }
    // Requests that were selected in the same turn may have taken the slot or the room.
    if (!stillFits(target, deps)) continue;
    attempts += 1;
    // Whoever answers an error may have run the job all the same: its ticket counts.
    authorisedNano += target.maxFeeNano;
    try {
      return await runOnce(target, request, signal, deps);
    } catch (error) {
      if (signal.aborted) throw error;
      lastError = noteFault(target, toCocoonError(error), deps);
      const fault = faultOf(lastError);
      if (fault === 'dishonest' || fault === 'request' || attempts >= CLIENT_LIMITS.attempts) throw lastError;
      const route = routeName(target.candidate);
      if (fault === 'line' && !unseen.has(route)) {
        // A line that was just opened or raised: their view of the chain may be a block older than ours.
        unseen.add(route);
        await pause(deps.job.timers, CLIENT_LIMITS.allocatePollMs);
        await deps.lines.escrow(0);
      } else if (fault !== 'busy') {
        tried.add(route);
        // It may have booted again, or have another key: then the order book knows more than the one at hand.
        deps.market.renew();
      }
    }
  }
}

function stillFits({ candidate, maxFeeNano }: Target, deps: ServeDeps): boolean {
  return deps.freeSlotsOf(candidate) > 0 && (deps.lines.usable(candidate)?.roomNano ?? -1n) >= maxFeeNano;
}
