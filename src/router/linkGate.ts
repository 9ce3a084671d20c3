import type { IncomingMessage } from 'node:http';
import type { ClientHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';
import type { Logger } from 'pino';
import type { Clock } from '../chain/types';
import { CocoonError } from '../protocol/errors';
import { greet, refuseUpgrade, switchProtocols } from './handshake';
import { createLink, type Link } from './link';
import type { LinkTable } from './links';
import type { RouterLimits } from './limits';
import type { RouterMetrics } from './metrics';
import { checkOffer, checkWorker, type CheckedOffer, type OfferChain, type WorkerTerms } from './offers';

export interface LinkGateDeps {
  chain: OfferChain;
  clock: Clock;
  limits: RouterLimits;
  links: LinkTable;
  log: Logger;
  metrics: RouterMetrics;
  /** True once the router takes no more links. */
  isDraining(): boolean;
}

export interface LinkGate {
  /** Listener of the HTTP server's `upgrade` event. */
  upgrade: (request: IncomingMessage, socket: Socket, head: Buffer) => void;
  /** Reads every linked worker from the chain again and ends the links of those that may no longer serve. */
  recheck(): Promise<void>;
  /** Ends every link. */
  close(reason: string): void;
}

export function createLinkGate(deps: LinkGateDeps): LinkGate {
  const { chain, clock, limits, links, log, metrics } = deps;
  const greeting = new Set<ClientHttp2Session>();

  const accept = (session: ClientHttp2Session, checked: CheckedOffer, terms: WorkerTerms): void => {
    const link: Link = createLink({
      session,
      checked,
      terms,
      limits,
      checkNewOffer: (signed) => checkSuccessor(signed, link.checked, chain, clock),
      onEnd(reason) {
        links.remove(link);
        metrics.links.set(links.size);
        log.info({ worker: link.key, reason }, 'link ended');
      },
    });
    links.add(link);
    metrics.links.set(links.size);
    log.info({ worker: link.key, slots: checked.offer.slots }, 'link accepted');
  };

  const shakeHands = async (session: ClientHttp2Session): Promise<void> => {
    greeting.add(session);
    try {
      const { checked, terms } = await greet(session, chain, clock.now(), limits);
      if (deps.isDraining()) throw new CocoonError('draining', 'The router is shutting down.');
      if (session.destroyed) return;
      accept(session, checked, terms);
    } catch (cause) {
      metrics.linksRefused.inc();
      log.warn({ reason: reasonOf(cause) }, 'link refused');
      refuse(session, reasonOf(cause));
    } finally {
      greeting.delete(session);
    }
  };

  return {
    upgrade(request, socket, head) {
      socket.on('error', () => socket.destroy());
      const refusal = refuseUpgrade(request) ?? overLimit(deps, greeting.size);
      if (refusal) {
        socket.end(
          `HTTP/1.1 ${refusal.status} ${refusal.message}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`,
        );
        return;
      }
      const session = switchProtocols(socket, head, limits);
      session.on('error', (cause: Error) => log.debug({ reason: cause.message }, 'link error'));
      void shakeHands(session);
    },
    async recheck() {
      for (const link of [...links.values()]) {
        try {
          link.terms = await checkWorker(link.checked, chain, clock.now());
        } catch (cause) {
          // Only a verdict ends a link. When the chain cannot be read, no escrow can be read either, so no job passes.
          if (cause instanceof CocoonError && cause.code === 'worker_unverified') link.end(cause.message);
          else log.warn({ worker: link.key, reason: reasonOf(cause) }, 'worker not read');
        }
      }
    },
    close(reason) {
      for (const session of greeting) refuse(session, reason);
      for (const link of [...links.values()]) link.end(reason);
    },
  };
}

/** A later offer over the same link: the same worker and key, and a higher sequence number. */
async function checkSuccessor(
  signed: CheckedOffer['signed'],
  current: CheckedOffer,
  chain: OfferChain,
  clock: Clock,
): Promise<CheckedOffer> {
  const next = checkOffer(signed, chain);
  if (!next.workerKey.equals(current.workerKey) || !next.workerAddress.equals(current.workerAddress)) {
    throw new CocoonError('worker_unverified', 'A link keeps its worker and key.');
  }
  if (next.offer.seq < current.offer.seq) {
    throw new CocoonError('worker_unverified', 'The offer is older than the one before it.');
  }
  if (next.offer.statement !== current.offer.statement) await checkWorker(next, chain, clock.now());
  return next;
}

function overLimit(deps: LinkGateDeps, greeting: number): { status: number; message: string } | null {
  const full = deps.links.size >= deps.limits.links || greeting >= deps.limits.handshakes;
  return full || deps.isDraining() ? { status: 503, message: 'Service Unavailable' } : null;
}

function refuse(session: ClientHttp2Session, reason: string): void {
  if (session.destroyed) return;
  session.goaway(0, 0, Buffer.from(reason));
  setImmediate(() => session.destroy());
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
