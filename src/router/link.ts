import type { ClientHttp2Session, ClientHttp2Stream } from 'node:http2';
import { z } from 'zod';
import {
  EVIDENCE_LIMITS,
  FRAMES_CONTENT_TYPE,
  JOB_CONTENT_TYPE,
  signedOfferSchema,
  type SignedOffer,
} from '../protocol/wire';
import { collect } from './collect';
import { splitLines } from './lineSplitter';
import type { RouterLimits } from './limits';
import type { CheckedOffer, WorkerTerms } from './offers';

/** One worker's connection. The worker serves HTTP/2 on it, this router is the client. */
export interface Link {
  /** Worker key in hex. */
  readonly key: string;
  readonly checked: CheckedOffer;
  /** As read from the Worker contract last. */
  terms: WorkerTerms;
  /** Jobs that this router may still send now. */
  freeSlots(): number;
  /** True when no new job may be sent: the worker said so, or the link is ending. */
  draining(): boolean;
  /** Opens a stream for one job whose body takes `bytes`. The caller writes the body and ends it. */
  openJob(bytes: number): ClientHttp2Stream;
  /** Asks for the quote behind the statement. Rejects when none comes in time and size. */
  fetchEvidence(): Promise<Buffer>;
  /** Lets running jobs end, then closes. */
  retire(): void;
  /** Closes at once; `reason` reaches the worker as the GOAWAY frame's data. */
  end(reason: string): void;
  readonly closed: Promise<void>;
}

export interface LinkDeps {
  session: ClientHttp2Session;
  checked: CheckedOffer;
  terms: WorkerTerms;
  limits: RouterLimits;
  /** A new offer came; the link is ended when this rejects. */
  checkNewOffer(signed: SignedOffer): Promise<CheckedOffer>;
  onEnd(reason: string): void;
}

const statusSchema = z.union([
  z.strictObject({ offer: signedOfferSchema }),
  z.strictObject({ free: z.number().int().min(0).max(4096), draining: z.boolean() }),
]);

const GOAWAY_NO_ERROR = 0;
const MISSED_PINGS = 2;

/** Takes over a session whose hello was accepted: follows its status stream and pings it. */
export function createLink(deps: LinkDeps): Link {
  const { session, limits } = deps;
  let checked = deps.checked;
  let reportedFree = checked.offer.slots;
  /** Running jobs that were sent since the worker last reported: its report cannot know them yet. */
  let sentSinceReport = 0;
  let reports = 0;
  let running = 0;
  let told = false;
  let retiring = false;
  let ended = false;

  const end = (reason: string): void => {
    if (ended) return;
    ended = true;
    clearInterval(pings);
    clearTimeout(silence);
    deps.onEnd(reason);
    if (session.destroyed) return;
    session.goaway(GOAWAY_NO_ERROR, 0, Buffer.from(reason));
    // The frame is written before the socket is torn down.
    setImmediate(() => session.destroy());
  };

  const pings = startPings(session, limits.pingIntervalMs, () => end('pings were not answered'));
  const silence = setTimeout(() => end('no status'), limits.statusTimeoutMs).unref();

  const onLine = (text: string): void => {
    silence.refresh();
    const message = parseStatus(text);
    if (!message) return end('malformed status');
    if ('offer' in message) {
      deps.checkNewOffer(message.offer).then(
        (next) => {
          checked = next;
        },
        (cause: unknown) => end(cause instanceof Error ? cause.message : 'offer refused'),
      );
      return;
    }
    reportedFree = message.free;
    sentSinceReport = 0;
    reports += 1;
    told = message.draining;
  };

  const status = session.request({ ':method': 'GET', ':path': '/v1/status' });
  status.on(
    'data',
    splitLines(limits.statusLineBytes, onLine, () => end('status line too long')),
  );
  status.on('error', () => undefined);
  status.on('close', () => {
    if (!retiring) end('the status stream ended');
  });
  const closed = new Promise<void>((resolve) => session.once('close', resolve));
  session.once('close', () => end('the connection closed'));

  const retire = (): void => {
    if (ended || retiring) return;
    retiring = true;
    status.close();
    session.close();
  };
  // The worker drains: its last jobs end, and the status stream must not hold the session open.
  session.on('goaway', retire);

  return {
    get key() {
      return checked.offer.workerKey;
    },
    get checked() {
      return checked;
    },
    terms: deps.terms,
    freeSlots: () => Math.max(0, Math.min(reportedFree - sentSinceReport, checked.offer.slots - running)),
    draining: () => told || retiring || ended || session.closed || session.destroyed,
    openJob(bytes) {
      sentSinceReport += 1;
      running += 1;
      const reportsBefore = reports;
      const stream = session.request({
        ':method': 'POST',
        ':path': '/v1/jobs',
        'content-type': JOB_CONTENT_TYPE,
        'content-length': bytes,
        accept: FRAMES_CONTENT_TYPE,
      });
      stream.once('close', () => {
        running -= 1;
        if (reports === reportsBefore) sentSinceReport -= 1;
      });
      return stream;
    },
    fetchEvidence() {
      const stream = session.request({ ':method': 'GET', ':path': '/v1/evidence' });
      return collect(stream, EVIDENCE_LIMITS.evidenceBytes, limits.evidenceTimeoutMs);
    },
    retire,
    end,
    closed,
  };
}

function startPings(session: ClientHttp2Session, intervalMs: number, onDead: () => void): NodeJS.Timeout {
  let unanswered = 0;
  const timer = setInterval(() => {
    if (unanswered >= MISSED_PINGS) return onDead();
    unanswered += 1;
    session.ping((failure) => {
      if (!failure) unanswered = 0;
    });
  }, intervalMs);
  return timer.unref();
}

function parseStatus(text: string): z.infer<typeof statusSchema> | null {
  try {
    const parsed = statusSchema.safeParse(JSON.parse(text));
    return parsed.success ? parsed.data : null;
  } catch {
    return null;
  }
}
