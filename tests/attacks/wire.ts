import { FRAMES_CONTENT_TYPE, JOB_CONTENT_TYPE, type OrderBook } from '../../src/protocol/wire';
import { receiptLayout, decodeSigned, type Receipt, type Signed } from '../../src/protocol/signed';
import { kindOf, splitFrames, streamFrames } from './frames';
import { FrameKind } from '../../src/protocol/wire';

type Fetch = typeof globalThis.fetch;

/** Where a router changes what passes it; each gets the honest value. Without any it is an honest router. */
export interface Lies {
  book?(book: OrderBook): unknown;
  /** Instead of the directory. */
  bookRequest?(init: RequestInit): Promise<Response>;
  /** Over the encoded frames of a reply, in order. */
  frames?(frames: Buffer[]): Buffer[];
  /** Instead of relaying: `forward` lets the real router answer those bytes. */
  job?(bytes: Buffer, forward: (bytes?: Buffer) => Promise<Response>, init: RequestInit): Promise<Response>;
  /** Any other path. */
  other?(path: string, forward: () => Promise<Response>): Promise<Response>;
}

/** A router that the client reaches by name: everything that it is sent is kept. */
export interface LyingRouter {
  fetch: Fetch;
  lies: Lies;
  isUp: boolean;
  /** Every URL, header and body. */
  seen: Buffer[];
  /** Every job. */
  jobs: Buffer[];
  /** Every receipt that came past. */
  receipts: Signed<Receipt>[];
}

/** In front of a real router, of which it changes what its lies say and nothing else. */
export function createLyingRouter(real: Fetch): LyingRouter {
  const keep = async (response: Response): Promise<Response> => {
    if (response.headers.get('content-type') !== FRAMES_CONTENT_TYPE) return response;
    const frames = splitFrames(Buffer.from(await response.arrayBuffer()));
    for (const frame of frames) {
      if (kindOf(frame) !== FrameKind.Receipt) continue;
      try {
        router.receipts.push(decodeSigned(receiptLayout, frame.subarray(5)));
      } catch {
        // What cannot be read cannot be settled either.
      }
    }
    return streamFrames(router.lies.frames?.(frames) ?? frames);
  };

  const router: LyingRouter = {
    ...{ lies: {}, isUp: true, seen: [], jobs: [], receipts: [] },
    async fetch(input, init = {}) {
      const { pathname } = new URL(input);
      if (!router.isUp) throw new TypeError('fetch failed');
      router.seen.push(Buffer.from(JSON.stringify([input, Object.entries(init.headers ?? {})])));
      if (pathname === '/v1/book')
        return (await router.lies.bookRequest?.(init)) ?? readBook(await real(input, init));
      if (pathname !== '/v1/jobs') {
        const forward = (): Promise<Response> => real(input, init);
        return router.lies.other?.(pathname, forward) ?? forward();
      }
      const bytes = Buffer.from(init.body as Uint8Array);
      router.seen.push(bytes);
      router.jobs.push(bytes);
      const forward = async (body: Buffer = bytes): Promise<Response> =>
        keep(
          await real(input, {
            ...init,
            headers: { 'content-type': JOB_CONTENT_TYPE },
            body: new Uint8Array(body),
          }),
        );
      return (await router.lies.job?.(bytes, forward, init)) ?? forward();
    },
  };

  const readBook = async (response: Response): Promise<Response> => {
    if (!router.lies.book) return response;
    const answer = router.lies.book((await response.json()) as OrderBook);
    return answer instanceof Response ? answer : Response.json(answer);
  };
  return router;
}
