import { join } from 'node:path';
import { MAX_QUOTE_BYTES } from '../../attestation/limits';
import type { Timers } from '../../channel';
import { after } from '../timers';
import { QuoteSourceError, type QuoteTrouble } from './errors';
import { requireOurs, requireReportData, type QuoteSource } from './source';
import { systemFiles, type TsmFiles } from './tsmFiles';

/**
 * Quotes from Linux: Documentation/ABI/testing/configfs-tsm-report. A new entry is made for each, report data goes into
 * `inblob`, the quote comes out of `outblob`; `generation` counts writes and so tells whether somebody else wrote.
 * Never run on TDX hardware yet: docs/operate-worker.md says how to try it.
 */

export const TSM_REPORTS = '/sys/kernel/config/tsm/report';
const PROVIDER = 'tdx_guest';
const ATTRIBUTE_BYTES = 64;
/** Header, body and the least authentication data of a version 4 quote. */
const LEAST_QUOTE_BYTES = 1_020;
/** Busy ends by itself within seconds, another's write at once: 0.25 + 0.5 + ... + 4 seconds. */
const RETRIES = 5;
const FIRST_RETRY_MS = 250;
const RETRIED: ReadonlySet<string> = new Set<QuoteTrouble>(['tsm_busy', 'tsm_generation']);

export interface ConfigfsDeps {
  timers: Timers;
  /** Names the entry; two processes must not draw the same. */
  randomBytes: (bytes: number) => Buffer;
  files?: TsmFiles;
}

/** `folder` is the kernel's, for tests another one. One quote at a time: the kernel answers no two. */
export function createConfigfsQuotes(
  { folder = TSM_REPORTS }: { folder?: string },
  deps: ConfigfsDeps,
): QuoteSource {
  const { timers, randomBytes, files = systemFiles } = deps;
  let last: Promise<unknown> = Promise.resolve();

  async function retried(reportData: Uint8Array): Promise<Uint8Array> {
    for (let attempt = 0; ; attempt++) {
      try {
        const entry = join(folder, `cocoon-${randomBytes(8).toString('hex')}`);
        const bytes = await withEntry(files, entry, () => readQuote(files, entry, reportData));
        requireOurs(bytes, reportData);
        return bytes;
      } catch (error) {
        const again = error instanceof QuoteSourceError && RETRIED.has(error.code);
        if (!again || attempt >= RETRIES) throw error;
      }
      await new Promise<void>((resolve) => void after(timers, FIRST_RETRY_MS * 2 ** attempt, resolve));
    }
  }

  return {
    root: 'intel',
    describe: () => `Intel TDX (${folder})`,
    async quote(reportData) {
      requireReportData(reportData);
      const turn = last.then(() => retried(reportData));
      last = turn.catch(() => undefined);
      return turn;
    },
  };
}

/** The entry goes whatever happens: each one that stays takes kernel memory, and stays until a reboot. */
async function withEntry<T>(files: TsmFiles, entry: string, work: () => Promise<T>): Promise<T> {
  await files.makeEntry(entry).catch((cause: unknown) => {
    throw troubleOf(cause, 'the entry cannot be made');
  });
  try {
    return await work();
  } finally {
    // A quote that we have is not worth less for an entry that stays.
    await files.removeEntry(entry).catch(() => undefined);
  }
}

async function readQuote(files: TsmFiles, entry: string, reportData: Uint8Array): Promise<Buffer> {
  const attribute = async (name: string): Promise<string> =>
    (await attempt(name, () => files.read(join(entry, name), ATTRIBUTE_BYTES))).toString('latin1').trim();

  const provider = await attribute('provider');
  if (provider !== PROVIDER) {
    throw new QuoteSourceError('tsm_wrong_provider', `quotes come from "${provider}", not from ${PROVIDER}`);
  }
  const before = await attribute('generation');
  await attempt('inblob', () => files.write(join(entry, 'inblob'), reportData));
  const quote = await attempt('outblob', () => files.read(join(entry, 'outblob'), MAX_QUOTE_BYTES));
  const written = await attribute('generation');
  // Once by us, and never by anybody else.
  if (Number(written) !== Number(before) + 1) {
    throw new QuoteSourceError('tsm_generation', `the entry was written ${before} to ${written}, not once`);
  }
  return requireSize(quote);
}

function requireSize(quote: Buffer): Buffer {
  if (quote.length > MAX_QUOTE_BYTES) {
    throw new QuoteSourceError('quote_oversized', `the quote has more than ${MAX_QUOTE_BYTES} bytes`);
  }
  if (quote.length < LEAST_QUOTE_BYTES) {
    throw new QuoteSourceError(
      'quote_short',
      `the quote has ${quote.length} bytes, fewer than ${LEAST_QUOTE_BYTES}`,
    );
  }
  return quote;
}

async function attempt<T>(what: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (cause) {
    throw troubleOf(cause, `${what} failed`);
  }
}

/** How the kernel says what is wrong: drivers/virt/coco/guest/report.c and tdx-guest.c. */
const TROUBLES: Readonly<Record<string, QuoteTrouble>> = {
  ENOENT: 'tsm_missing',
  ENOTDIR: 'tsm_missing',
  ENXIO: 'tsm_no_provider',
  EACCES: 'tsm_forbidden',
  EPERM: 'tsm_forbidden',
  EROFS: 'tsm_forbidden',
  EBUSY: 'tsm_busy',
  EAGAIN: 'tsm_busy',
  EINTR: 'tsm_busy',
  ETIMEDOUT: 'tsm_timeout',
  EIO: 'tsm_refused',
};

function troubleOf(cause: unknown, what: string): QuoteSourceError {
  const errno = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : '';
  const reason = errno === '' ? String(cause) : errno;
  return new QuoteSourceError(TROUBLES[errno] ?? 'tsm_failed', `${what}: ${reason}`, { cause });
}
