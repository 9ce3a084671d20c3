import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Address, Cell } from '@ton/core';
import type { Collateral } from '../../../src/attestation/collateral';
import { AttestationError } from '../../../src/attestation/errors';
import { NEW_PLATFORM } from '../../../src/attestation/onchain/dryRunPlatform';
import type { DryRunInput } from '../../../src/attestation/onchain/dryRun';
import { parseQuote } from '../../../src/attestation/quote';
import { isoText } from '../../../src/attestation/time';
import { mintQuote, type Minted, type MintOverrides } from '../../../src/attestation/testing/mint';
import { collateralOf, type CollateralFlags } from '../../../src/cli/attest/collateral';
import { describeQuote } from '../../../src/cli/attest/describe';
import { differences, printDifferences } from '../../../src/cli/attest/diff';
import { printExplanation } from '../../../src/cli/attest/explain';
import { decodeQuote, readJsonFile, readQuoteFile } from '../../../src/cli/attest/files';
import { parseTime, policyOf } from '../../../src/cli/attest/flags';
import { runHints } from '../../../src/cli/attest/hints';
import { hintsInput } from '../../../src/cli/attest/hintsInput';
import { runVerify, verifierFor, type VerifyOptions } from '../../../src/cli/attest/verify';
import { COLUMNS, wrap, type Console } from '../../../src/cli/console';
import { startPccs } from '../collateral/pccs';

const PROVIDER = new Address(0, Buffer.alloc(32, 7));
const minted = mintQuote();
const debug = mintQuote({ body: { tdAttributes: Buffer.from('0100001000000000', 'hex') } });
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'cocoon-attest-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content: string | Buffer): string {
  const full = path.join(folder, name);
  writeFileSync(full, content);
  return full;
}

function collecting(colours = false): Console & { text: string } {
  return {
    text: '',
    colours,
    write(text) {
      this.text += text;
    },
  };
}

const widest = ({ text }: { text: string }): number =>
  Math.max(...text.split('\n').map((line) => line.length));

const asked = (
  { quote, collateral, atUnix }: Minted,
  change: Partial<VerifyOptions> = {},
): VerifyOptions => ({
  quote,
  collateral,
  atUnix,
  root: 'simulated',
  policy: {},
  json: false,
  ...change,
});

describe('attest verify', () => {
  test('accepts a good quote with every check on its line, in a hundred columns and without colours', async () => {
    const to = collecting();
    expect(await runVerify(asked(minted), to)).toBe(0);
    expect(to.text).toContain('Under the SIMULATED root, which vouches for nothing');
    expect(to.text).toMatch(/^ok {6}quote-signature {10}header and body/m);
    expect(to.text).toMatch(/^ACCEPTED$/m);
    expect(to.text).not.toContain('FAILED');
    expect(to.text).not.toContain('\u001b');
    expect(widest(to)).toBeLessThanOrEqual(COLUMNS);
  });

  test('refuses a debug TD with code 3, and says what was expected and what was seen', async () => {
    const to = collecting();
    expect(await runVerify(asked(debug), to)).toBe(3);
    expect(to.text).toMatch(/^FAILED {2}td-debug +debugging off +on$/m);
    expect(to.text).toMatch(/^REFUSED: td-debug/m);
  });

  test("refuses a simulated quote under Intel's root: --root is no default", async () => {
    const to = collecting();
    expect(await runVerify(asked(minted, { root: 'intel' }), to)).toBe(3);
    expect(to.text).toMatch(/^REFUSED: root-pinned/m);
  });

  test('colours what a terminal shows', async () => {
    const to = collecting(true);
    await runVerify(asked(debug), to);
    expect(to.text).toContain('\u001b[32mok');
    expect(to.text).toContain('\u001b[31mFAILED');
  });

  test('prints for programs: verdict, TCB status, advisories, image id and every check', async () => {
    const to = collecting();
    expect(await runVerify(asked(minted, { json: true }), to)).toBe(0);
    const report = JSON.parse(to.text) as Record<string, unknown>;
    expect(report).toMatchObject({
      verdict: 'accepted',
      refusal: null,
      tcb_status: 'UpToDate',
      advisories: [],
      image_id: expect.stringMatching(/^[0-9a-f]{64}$/),
      root: 'simulated',
      at: isoText(minted.atUnix),
    });
    expect(report.checks).toContainEqual({
      name: 'td-debug',
      ok: true,
      expected: 'debugging off',
      seen: 'off',
    });
  });

  test('refuses what is no quote with code 3 and a checklist, not with an exception', async () => {
    const to = collecting();
    expect(await runVerify(asked(minted, { quote: Buffer.from('nothing') }), to)).toBe(3);
    expect(to.text).toMatch(/^REFUSED: quote-format/m);
  });

  test('throws for a policy that is none', async () => {
    const policy = { tolerateStatuses: ['Fine'] } as never;
    await expect(runVerify(asked(minted, { policy }), collecting())).rejects.toThrow(
      '"Fine" is no TCB status',
    );
  });
});

describe('policy flags', () => {
  const none = { tolerateStatus: [], tolerateAdvisory: [] };

  test('add to what the file says', () => {
    const policy = file(
      'policy.json',
      JSON.stringify({ tolerateStatuses: ['OutOfDate'], allowPerfmon: true }),
    );
    expect(
      policyOf({ ...none, policy, tolerateStatus: ['SWHardeningNeeded'], tolerateAdvisory: ['INTEL-SA-1'] }),
    ).toEqual({
      tolerateStatuses: ['OutOfDate', 'SWHardeningNeeded'],
      allowPerfmon: true,
      tolerateAdvisories: ['INTEL-SA-1'],
    });
  });

  test('leave the strict policy where nothing is said', () => {
    expect(policyOf(none)).toEqual({});
  });

  test('take * for all advisories, wherever it stands', () => {
    expect(policyOf({ ...none, tolerateAdvisory: ['INTEL-SA-1', '*'] }).tolerateAdvisories).toBe('*');
    const policy = file('all.json', JSON.stringify({ tolerateAdvisories: '*' }));
    expect(policyOf({ ...none, policy, tolerateAdvisory: ['INTEL-SA-1'] }).tolerateAdvisories).toBe('*');
  });

  test('name one image and one report', () => {
    const policy = policyOf({ ...none, imageId: 'aa'.repeat(32), reportData: 'bb'.repeat(64) });
    expect(policy).toEqual({ imageIds: ['aa'.repeat(32)], reportData: 'bb'.repeat(64) });
  });

  test.each([
    ['2025-06-25T12:00:00Z', 1_750_852_800],
    ['2025-06-25T12:00:00+02:00', 1_750_845_600],
    ['2025-06-25', 1_750_809_600],
  ])('read the time %s', (text, unix) => expect(parseTime(text)).toBe(unix));

  test.each(['yesterday', '2025-13-01', '2025-06-25T12:00:00', '1750852800', ''])(
    'refuse the time "%s"',
    (text) => expect(() => parseTime(text)).toThrow('is needed'),
  );
});

describe('collateral flags', () => {
  const none = { pccs: [], offline: false };
  const verifier = verifierFor('simulated');
  const asksNobody: typeof fetch = () => Promise.reject(new Error('asked'));
  const found = (flags: CollateralFlags) =>
    collateralOf(flags, minted.quote, minted.atUnix, verifier, {
      fetch: asksNobody,
      sleep: async () => undefined,
    });

  test.each<[string, CollateralFlags]>([
    ['nowhere', none],
    ['two places', { ...none, collateral: 'x.json', offline: true }],
  ])('that name %s are a usage error', async (_, flags) => {
    await expect(found(flags)).rejects.toMatchObject({ code: 'commander.invalidArgument' });
  });

  test('name a file', async () => {
    const collateral = file('named.json', JSON.stringify({ tcb_info: 'x' }));
    expect(await found({ ...none, collateral })).toEqual({ tcb_info: 'x' });
  });

  test('name a server that does not answer', async () => {
    const flags = { ...none, pccs: ['https://pccs.invalid'], cache: path.join(folder, 'cache') };
    await expect(found(flags)).rejects.toMatchObject({ code: 'collateral_unreachable' });
  });

  test('name a server, whose answers are kept for --offline', async () => {
    const pccs = await startPccs(minted.collateral as Collateral);
    const cache = path.join(folder, 'kept');
    try {
      const fetched = await collateralOf(
        { ...none, pccs: [pccs.url], cache },
        minted.quote,
        minted.atUnix,
        verifier,
      );
      expect(await runVerify(asked(minted, { collateral: fetched }), collecting())).toBe(0);
    } finally {
      await pccs.close();
    }
    const kept = await found({ ...none, offline: true, cache });
    expect(await runVerify(asked(minted, { collateral: kept }), collecting())).toBe(0);
  });

  test('ask for what is on disk, where there is nothing', async () => {
    const flags = { ...none, offline: true, cache: path.join(folder, 'empty-cache') };
    await expect(found(flags)).rejects.toMatchObject({ code: 'collateral_not_archived' });
  });
});

describe('quote files', () => {
  const hex = minted.quote.toString('hex');

  test.each<[string, string | Buffer]>([
    ['raw', minted.quote],
    ['hex', hex],
    ['hex with 0x and line ends', `0x${hex.slice(0, 100)}\r\n${hex.slice(100)}\n`],
    ['base64', minted.quote.toString('base64')],
    ['base64 in lines', minted.quote.toString('base64').replace(/.{76}/g, '$&\n')],
    ['JSON with a quote', JSON.stringify({ quote: hex, event_log: '[]' })],
  ])('are read as %s', (name, content) => {
    expect(Buffer.from(readQuoteFile(file(`${name}.quote`, content)))).toEqual(minted.quote);
  });

  test('that are neither go to the parser as they are, which has better words', () => {
    expect(() => parseQuote(decodeQuote(Buffer.from('?!'), 'x'))).toThrow(AttestationError);
  });

  test.each<[string, () => string, string]>([
    ['empty', () => file('empty', ''), 'is empty'],
    ['absent', () => path.join(folder, 'absent'), 'cannot be read'],
    ['a folder', () => folder, 'it is a folder'],
    ['too large', () => file('large', Buffer.alloc(300_000, 0x61)), 'has more than 196608 bytes'],
  ])('that are %s give a named error', (_, name, message) => {
    expect(() => readQuoteFile(name())).toThrow(message);
  });

  test('of JSON must be JSON, and small', () => {
    expect(() => readJsonFile(file('broken.json', '{'), 100)).toThrow('is not JSON');
    expect(() => readJsonFile(file('long.json', JSON.stringify('x'.repeat(100))), 100)).toThrow(
      'more than 100',
    );
  });
});

describe('attest explain', () => {
  const options = { root: 'simulated', json: false } as const;

  test('shows every part of a quote with its meaning, in a hundred columns', async () => {
    const to = collecting();
    expect(await printExplanation(minted.quote, options, to)).toBe(0);
    for (const words of [
      'image-id',
      'SHA-256 of a tag (of the simulated root), tdattributes, mrtd',
      'SEPT_VE_DISABLE',
      'named by the enclave in its report data',
      'PCK certificate of the processor',
      'security versions of 16 components',
    ])
      expect(to.text.replace(/\s+/g, ' ')).toContain(words);
    expect(widest(to)).toBeLessThanOrEqual(COLUMNS);
  });

  test('says when the quoting enclave names another key', async () => {
    const to = collecting();
    await printExplanation(mintQuote({ shownKey: Buffer.alloc(64, 9) }).quote, options, to);
    expect(to.text).toContain('NOT the key that the enclave names');
  });

  test('replays an event log, and answers 3 when it leads elsewhere', async () => {
    const event = {
      imr: 3,
      event_type: 0x08000001,
      digest: 'ab'.repeat(48),
      event: 'key',
      event_payload: '',
    };
    const eventLog = file('log.json', JSON.stringify([event]));
    const to = collecting();
    expect(await printExplanation(minted.quote, { ...options, eventLog }, to)).toBe(3);
    expect(to.text).toMatch(/rtmr3: DOES NOT REPLAY/);
  });

  test('answers 0 for a log that leads to all registers', async () => {
    const zero = Buffer.alloc(48);
    const quote = mintQuote({
      body: { rtmr0: zero, rtmr1: zero, rtmr2: zero, rtmr3: zero },
    });
    const eventLog = file('none.json', '[]');
    expect(await printExplanation(quote.quote, { ...options, eventLog }, collecting())).toBe(0);
  });

  test('prints for programs', async () => {
    const to = collecting();
    await printExplanation(minted.quote, { ...options, json: true }, to);
    const { sections } = JSON.parse(to.text) as { sections: { title: string }[] };
    expect(sections.map(({ title }) => title)).toContain('Identity');
  });
});

describe('attest diff', () => {
  const described = (overrides: MintOverrides) =>
    describeQuote(parseQuote(mintQuote(overrides).quote), 'simulated');

  test('finds a changed register, and what follows from it', async () => {
    const other = await described({ body: { rtmr0: Buffer.alloc(48, 1) } });
    const found = differences(await described({}), other);
    expect(found.map(({ name }) => name)).toEqual(expect.arrayContaining(['shape', 'rtmr0']));
    expect(found.map(({ name }) => name)).not.toContain('image-id');
    const to = collecting();
    expect(printDifferences(found, false, to)).toBe(1);
    expect(to.text).toContain('rtmr0: other virtual hardware or firmware settings: the shapes differ');
    expect(widest(to)).toBeLessThanOrEqual(COLUMNS);
  });

  test('finds nothing between a quote and itself, and answers 0', async () => {
    const to = collecting();
    expect(printDifferences(differences(await described({}), await described({})), false, to)).toBe(0);
    expect(to.text).toBe('No field differs.\n');
  });

  test('tells fields that only one of them has', async () => {
    const found = differences(await described({}), await described({ form: 'v5-td15' }));
    expect(found).toContainEqual(expect.objectContaining({ name: 'tee-tcb-svn2', a: null }));
  });

  test('prints for programs', async () => {
    const to = collecting();
    printDifferences(differences(await described({}), await described({})), true, to);
    expect(JSON.parse(to.text)).toEqual({ same: true, differences: [] });
  });
});

describe('attest hints', () => {
  const input = ({ quote, atUnix }: Minted, change: Partial<DryRunInput> = {}): DryRunInput => ({
    quote: parseQuote(quote),
    root: 'simulated',
    kind: 'leaf',
    nowUnix: atUnix,
    networkId: null,
    platform: NEW_PLATFORM,
    registry: null,
    worker: null,
    ...change,
  });
  const to = { provider: PROVIDER, index: 3, out: null, json: false };

  test('writes the message and says how large it is', async () => {
    const out = path.join(folder, 'attest.boc');
    const screen = collecting();
    expect(await runHints({ ...to, input: input(minted), out }, screen)).toBe(0);
    expect(screen.text).toMatch(/size +1,?\d{3} bytes in \d+ cells/);
    expect(Cell.fromBoc(readFileSync(out))[0]!.beginParse().skip(32).loadAddress().equals(PROVIDER)).toBe(
      true,
    );
  });

  test('names the check that would refuse, sends nothing, writes nothing and answers 3', async () => {
    const out = path.join(folder, 'none.boc');
    const screen = collecting();
    expect(await runHints({ ...to, input: input(debug), out }, screen)).toBe(3);
    expect(screen.text).toContain('The Platform would refuse. Nothing was sent.');
    expect(screen.text).toContain('ERROR_PLATFORM_DEBUG');
    expect(() => readFileSync(out)).toThrow('ENOENT');
  });

  test('are made for a new Platform where no chain is named, by the clock that is given', async () => {
    const flags = { provider: PROVIDER, index: 0, root: 'simulated' } as const;
    const quote = parseQuote(minted.quote);
    expect(await hintsInput(quote, flags, 7)).toMatchObject({ kind: 'leaf', nowUnix: 7, registry: null });
    expect(await hintsInput(quote, { ...flags, at: 8, kind: 'ca' }, 7)).toMatchObject({
      kind: 'ca',
      nowUnix: 8,
    });
  });

  test.each([{ endpoint: 'http://chain.invalid' }, { registry: PROVIDER }])(
    'need endpoint and registry together',
    async (half) => {
      const flags = { provider: PROVIDER, index: 0, root: 'simulated', ...half } as const;
      await expect(hintsInput(parseQuote(minted.quote), flags, 7)).rejects.toThrow('go together');
    },
  );

  test('prints for programs', async () => {
    const screen = collecting();
    await runHints({ ...to, input: input(minted), json: true }, screen);
    const report = JSON.parse(screen.text) as {
      ok: boolean;
      body: string;
      cells: number;
      looked_at: string[];
    };
    expect(report).toMatchObject({ ok: true, kind: 'leaf', looked_at: ['platform'] });
    expect(Cell.fromBase64(report.body).refs.length).toBeGreaterThan(0);
  });
});

describe('the cocoon command', () => {
  const cocoon = (...argv: string[]): Promise<{ code: number; out: string; err: string }> =>
    new Promise((resolve) => {
      const child = execFile(process.execPath, ['bin/cocoon.cjs', 'attest', ...argv], (_, out, err) =>
        resolve({ code: child.exitCode ?? -1, out, err }),
      );
    });

  test('answers 0, 3 or 2 to its caller', async () => {
    const collateral = file('collateral.json', JSON.stringify(minted.collateral));
    const good = file('good.quote', minted.quote);
    const bad = file('bad.quote', debug.quote);
    const rest = [
      '--collateral',
      collateral,
      '--at',
      isoText(minted.atUnix),
      '--root',
      'simulated',
      '--json',
    ];
    const [accepted, refused, usage] = await Promise.all([
      cocoon('verify', good, ...rest),
      cocoon('verify', bad, ...rest),
      cocoon('verify', good),
    ]);
    expect([accepted.code, refused.code, usage.code]).toEqual([0, 3, 2]);
    expect(JSON.parse(refused.out)).toMatchObject({ verdict: 'refused', refusal: 'td-debug' });
    expect(usage.err).toContain('Name the collateral');
  });
});

test('long words fall into equal parts, of whole bytes', () => {
  expect(wrap('ab'.repeat(48), 64)).toEqual(['ab'.repeat(24), 'ab'.repeat(24)]);
  expect(wrap('ab'.repeat(33), 65)).toEqual([`${'ab'.repeat(17)}`, 'ab'.repeat(16)]);
  expect(wrap('one two', 3)).toEqual(['one', 'two']);
});
