import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { Duplex } from 'node:stream';
import { LINK_PROTOCOL } from '../protocol/wire';
import { createBackoff } from './backoff';
import { WORKER_LIMITS } from './limits';
import { serveLink, type LinkSession, type LinkSessionDeps } from './linkSession';
import { after, type Cancel } from './timers';

/** Keeps one link to one router up, for as long as it is not closed. */
export interface LinkDialer {
  readonly url: string;
  connected(): boolean;
  /** GOAWAY, and no new link. Resolves when the streams in flight have ended. */
  drain(): Promise<void>;
  close(): void;
}

export function createLinkDialer(url: string, deps: LinkSessionDeps & { random: () => number }): LinkDialer {
  const backoff = createBackoff(deps.random);
  let session: LinkSession | null = null;
  let abortDial: (() => void) | null = null;
  let cancelRetry: Cancel | null = null;
  let ended = false;

  const retry = (why: string): void => {
    session = null;
    abortDial = null;
    cancelRetry = null;
    if (ended || !deps.offers.current()) return;
    const delayMs = backoff.nextMs();
    deps.log.info({ router: url, delayMs, why }, 'no link to the router');
    cancelRetry = after(deps.timers, delayMs, dialNow);
  };

  const dialNow = (): void => {
    cancelRetry = null;
    abortDial = dial(url, deps, {
      up(socket) {
        abortDial = null;
        if (ended) {
          socket.destroy();
          return;
        }
        deps.log.info({ router: url }, 'linked');
        const settled = after(deps.timers, WORKER_LIMITS.linkSettledMs, () => backoff.reset());
        session = serveLink(socket, deps, () => {
          settled();
          retry('the link ended');
        });
      },
      failed: retry,
    });
  };
  // A router turns a worker away that has no offer, or one that is not what the chain recorded: so every new offer
  // is a reason to try at once.
  const stopListening = deps.offers.subscribe(() => {
    if (session || abortDial || ended) return;
    cancelRetry?.();
    backoff.reset();
    dialNow();
  });
  if (deps.offers.current()) dialNow();

  const end = (): void => {
    ended = true;
    stopListening();
    cancelRetry?.();
    abortDial?.();
  };

  return {
    url,
    connected: () => session !== null,
    async drain() {
      end();
      await session?.drain();
    },
    close() {
      end();
      session?.destroy();
    },
  };
}

/** Asks the router to turn this connection around. Exactly one of the two outcomes is called, once. */
function dial(
  url: string,
  deps: LinkSessionDeps,
  outcome: { up: (socket: Duplex) => void; failed: (why: string) => void },
): () => void {
  const target = new URL('/v1/link', url);
  const send = target.protocol === 'https:' ? requestHttps : requestHttp;
  const request = send(target, {
    method: 'GET',
    agent: false,
    headers: { connection: 'Upgrade', upgrade: LINK_PROTOCOL },
  });
  let settled = false;
  const settle = (act: () => void): void => {
    if (settled) return;
    settled = true;
    cancelTimeout();
    act();
  };
  const fail = (why: string): void =>
    settle(() => {
      request.destroy();
      outcome.failed(why);
    });
  const cancelTimeout = after(deps.timers, WORKER_LIMITS.dialTimeoutMs, () =>
    fail('the router does not answer'),
  );

  request.on('upgrade', (response, socket, head) =>
    settle(() => {
      if (response.headers.upgrade !== LINK_PROTOCOL) {
        socket.destroy();
        outcome.failed('the router upgrades to something else');
        return;
      }
      socket.setNoDelay(true);
      socket.setTimeout(0);
      if (head.length > 0) socket.unshift(head);
      outcome.up(socket);
    }),
  );
  request.on('response', (response) =>
    fail(`the router refused the link with status ${response.statusCode}`),
  );
  request.on('error', (error) => fail(error.message));
  request.end();
  return () => fail('closed');
}
