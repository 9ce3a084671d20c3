import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { equalBytes } from '../../../../src/attestation/bytes';
import { parseQuote } from '../../../../src/attestation/quote';
import { createSimulatedHost } from '../../../../src/attestation/testing/host';
import { createConfigfsQuotes } from '../../../../src/worker/quotes/configfs';
import { QUOTE_TROUBLES, QuoteSourceError } from '../../../../src/worker/quotes/errors';
import type { QuoteSource } from '../../../../src/worker/quotes/source';
import type { TestTimers } from '../support/timers';
import { createTestTimers } from '../support/timers';
import { createFakeKernel, errno, type FakeKernel } from './fakeKernel';

const host = createSimulatedHost({ random: (length) => Buffer.alloc(length, 3), nowUnix: 1_780_000_000 });
const REPORT_DATA = Buffer.from(Array.from({ length: 64 }, (_, i) => i));

describe('quotes from the kernel', () => {
  let kernel: FakeKernel;
  let timers: TestTimers;
  let source: QuoteSource;
  beforeEach(() => {
    kernel = createFakeKernel((reportData) => host.quote(reportData));
    timers = createTestTimers();
    source = createConfigfsQuotes({ folder: kernel.folder }, { timers, randomBytes, files: kernel.files });
  });
  afterEach(() => kernel.end());

  /** Lets every retry pass, and gives the trouble that it ends with. */
  const trouble = async (): Promise<QuoteSourceError> => {
    const ended = source.quote(REPORT_DATA).then(
      () => 'a quote',
      (error: unknown) => error,
    );
    const end = await untilSettled(ended, () => timers.advance(10_000));
    if (!(end instanceof QuoteSourceError)) throw new Error(`not a trouble: ${String(end)}`);
    return end;
  };

  it('a quote is asked for in an entry of its own, which goes', async () => {
    const bytes = await source.quote(REPORT_DATA);
    expect(equalBytes(parseQuote(bytes).body.reportData, REPORT_DATA)).toBe(true);
    expect(kernel.operations).toEqual([
      'make',
      'read provider',
      'read generation',
      'write inblob',
      'read outblob',
      'read generation',
      'remove',
    ]);
    expect(kernel.entries()).toEqual([]);
    expect(source.describe()).toContain('Intel TDX');
  });

  it('a quote with the padding of a cloud is read whole', async () => {
    kernel.answer = (reportData) => Buffer.concat([host.quote(reportData), Buffer.alloc(3_000)]);
    expect(parseQuote(await source.quote(REPORT_DATA)).padding.length).toBeGreaterThan(3_000);
  });

  it('two quotes at once are asked for one after the other', async () => {
    const other = Buffer.alloc(64, 9);
    const [first, second] = await Promise.all([source.quote(REPORT_DATA), source.quote(other)]);
    expect(equalBytes(parseQuote(first).body.reportData, REPORT_DATA)).toBe(true);
    expect(equalBytes(parseQuote(second).body.reportData, other)).toBe(true);
    expect(kernel.operations.filter((name) => name === 'make' || name === 'remove')).toEqual([
      'make',
      'remove',
      'make',
      'remove',
    ]);
  });

  it('report data of another length never reaches the kernel', async () => {
    await expect(source.quote(Buffer.alloc(63))).rejects.toThrow(/63 bytes, not 64/);
    expect(kernel.operations).toEqual([]);
  });

  const AT_MAKE = [
    ['ENOENT', 'tsm_missing', 'no configfs is mounted, or no module'],
    ['ENXIO', 'tsm_no_provider', 'no driver offers reports'],
    ['EACCES', 'tsm_forbidden', 'this user may not'],
    ['EPERM', 'tsm_forbidden', 'this user may not even so'],
    ['EROFS', 'tsm_forbidden', 'it is mounted to be read'],
    ['ENOMEM', 'tsm_failed', 'something else is wrong'],
  ] as const;
  it.each(AT_MAKE)('%s at the entry is %s: %s', async (code, name) => {
    kernel.interfere = (operation) => {
      if (operation === 'make') throw errno(code);
    };
    expect(await trouble()).toMatchObject({ code: name, remedy: QUOTE_TROUBLES[name] });
    expect(kernel.operations).toEqual(['make']);
  });

  const AT_READ = [
    ['EIO', 'tsm_refused', "the host's service failed"],
    ['ETIMEDOUT', 'tsm_timeout', 'the host did not answer'],
    ['EINVAL', 'tsm_failed', 'something else is wrong'],
  ] as const;
  it.each(AT_READ)('%s at the quote is %s: %s; the entry goes', async (code, name) => {
    kernel.interfere = (operation) => {
      if (operation === 'read outblob') throw errno(code);
    };
    expect((await trouble()).code).toBe(name);
    expect(kernel.entries()).toEqual([]);
    expect(kernel.operations.filter((operation) => operation === 'make')).toHaveLength(1);
  });

  it.each(['EBUSY', 'EAGAIN', 'EINTR'])('%s is asked again, five times and no more', async (code) => {
    kernel.interfere = (operation) => {
      if (operation === 'read outblob') throw errno(code);
    };
    expect((await trouble()).code).toBe('tsm_busy');
    expect(kernel.operations.filter((operation) => operation === 'make')).toHaveLength(6);
    expect(kernel.entries()).toEqual([]);
  });

  it('a busy kernel that is free again gives the quote', async () => {
    let refusals = 3;
    kernel.interfere = (operation) => {
      if (operation === 'read outblob' && refusals-- > 0) throw errno('EBUSY');
    };
    const bytes = await untilSettled(source.quote(REPORT_DATA), () => timers.advance(10_000));
    expect(equalBytes(parseQuote(bytes).body.reportData, REPORT_DATA)).toBe(true);
  });

  it('no retry comes before its wait is over', async () => {
    kernel.interfere = (operation) => {
      if (operation === 'make') throw errno('EBUSY');
    };
    const ended = source.quote(REPORT_DATA).catch(() => undefined);
    await turns(20);
    expect(kernel.operations).toHaveLength(1);
    timers.advance(249);
    await turns(20);
    expect(kernel.operations).toHaveLength(1);
    timers.advance(1);
    await turns(20);
    expect(kernel.operations).toHaveLength(2);
    await untilSettled(ended, () => timers.advance(10_000));
  });

  it('somebody else who writes once is waited out', async () => {
    let writes = 1;
    kernel.interfere = async (operation, entry) => {
      if (operation === 'read outblob' && writes-- > 0) await kernel.writeToo(entry, Buffer.alloc(64, 1));
    };
    const bytes = await untilSettled(source.quote(REPORT_DATA), () => timers.advance(10_000));
    expect(equalBytes(parseQuote(bytes).body.reportData, REPORT_DATA)).toBe(true);
  });

  it('somebody else who always writes is named, also when what he wrote is the same', async () => {
    kernel.interfere = async (operation, entry) => {
      if (operation === 'read outblob') await kernel.writeToo(entry, REPORT_DATA);
    };
    expect((await trouble()).code).toBe('tsm_generation');
    expect(kernel.entries()).toEqual([]);
  });

  it('a write that the kernel did not take is noticed', async () => {
    kernel.files.write = async () => undefined;
    kernel.interfere = async (operation, entry) => {
      // What an earlier question left.
      if (operation !== 'read outblob') return;
      const { writeFile } = await import('node:fs/promises');
      await writeFile(join(entry, 'outblob'), host.quote(REPORT_DATA));
    };
    expect((await trouble()).code).toBe('tsm_generation');
  });

  it('a provider of another TEE is refused before it is asked anything', async () => {
    kernel.provider = 'sev_guest\n';
    expect((await trouble()).code).toBe('tsm_wrong_provider');
    expect(kernel.operations).not.toContain('write inblob');
  });

  it.each([
    ['quote_short', () => Buffer.alloc(1_019)],
    ['quote_oversized', () => Buffer.alloc(65_537)],
    ['quote_malformed', () => Buffer.alloc(5_006)],
    ['quote_malformed', (data: Buffer) => host.quote(data).subarray(0, 4_000)],
    ['quote_foreign', (data: Buffer) => host.quote(Buffer.from(data).fill(0, 63))],
    ['quote_foreign', () => host.quote(Buffer.alloc(64))],
  ] as const)('an answer that is %s is refused', async (name, answer) => {
    kernel.answer = answer;
    expect((await trouble()).code).toBe(name);
    expect(kernel.entries()).toEqual([]);
  });

  it('an entry that cannot be removed costs no quote', async () => {
    kernel.interfere = (operation) => {
      if (operation === 'remove') throw errno('EBUSY');
    };
    await source.quote(REPORT_DATA);
    expect(kernel.entries()).toHaveLength(1);
  });
});

it('on a machine without configfs the real file system says so', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'cocoon-tsm-'));
  try {
    const deps = { timers: createTestTimers(), randomBytes };
    const missing = createConfigfsQuotes({ folder: join(folder, 'absent') }, deps);
    await expect(missing.quote(REPORT_DATA)).rejects.toMatchObject({ code: 'tsm_missing' });
    // A plain folder makes entries, and nothing is in them.
    const plain = createConfigfsQuotes({ folder }, deps);
    await expect(plain.quote(REPORT_DATA)).rejects.toMatchObject({ code: 'tsm_missing' });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

const turns = async (count: number): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

/** Real files answer when they answer; waits pass at once. */
async function untilSettled<T>(promise: Promise<T>, push: () => void): Promise<T> {
  let settled = false;
  const end = promise.finally(() => {
    settled = true;
  });
  end.catch(() => undefined);
  while (!settled) {
    await new Promise((resolve) => setImmediate(resolve));
    push();
  }
  return end;
}
