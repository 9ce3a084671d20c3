import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { chromium } from 'playwright-core';
import { decodeSigned, receiptLayout, verifySigned } from '../../src/protocol/signed';

const ROOT = resolve(__dirname, '..', '..');
const JOBS = 16;
/** More than a settle of one line costs at most, stipend included. */
const DUST_NANO = 4_000_000n;
const browserPath = process.env['COCOON_CHROMIUM'];

interface Run {
  code: number | null;
  lines: string[];
}

describe('the demo', () => {
  let out: string;
  let run: Run;

  beforeAll(async () => {
    out = join(mkdtempSync(join(tmpdir(), 'cocoon-demo-')), 'out');
    run = await runDemo(['--jobs', String(JOBS), '--seed', '7', '--json', '--out', out]);
  }, 300_000);

  afterAll(() => rmSync(resolve(out, '..'), { recursive: true, force: true }));

  it('answers every job, pays for it, and closes its ledger', () => {
    expect({ code: run.code, last: run.lines.slice(-12) }).toMatchObject({ code: 0 });
    const summary = JSON.parse(run.lines[run.lines.length - 1]!) as Record<string, unknown>;
    expect(summary).toMatchObject({
      jobs_done: JOBS,
      jobs_failed: 0,
      ledger_difference_nano: '0',
      refusals: 5,
      evidence_links: 28,
      evidence_links_ok: 28,
    });
    expect(summary['tokens']).toBeGreaterThan(JOBS);
    for (const amount of ['paid_nano', 'claimed_nano', 'gas_nano'])
      expect(BigInt(summary[amount] as string)).toBeGreaterThan(0n);
    expect(summary['seconds']).toBeGreaterThan(0);
  });

  it('writes a ledger whose every row closes', () => {
    const [header, ...rows] = readFileSync(join(out, 'ledger.csv'), 'utf8').trim().split('\n');
    expect(header).toBe('party,role,had_nano,earned_nano,paid_nano,gas_nano,has_nano,difference_nano');
    expect(rows).toHaveLength(1 + 3 + 2 + 1);
    for (const row of rows) {
      const [had, earned, paid, gas, has] = row.split(',').slice(2).map(BigInt);
      expect(had! + earned! - paid! - gas!).toBe(has);
    }
  });

  it('writes receipts that were paid in full, dust excepted', () => {
    const rows = readFileSync(join(out, 'receipts.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map(
        (line) =>
          JSON.parse(line) as { receipt: string; total_nano: string; paid_nano: string; worker_key: string },
      );
    expect(rows.length).toBeGreaterThan(0);
    for (const row of rows) {
      const signed = decodeSigned(receiptLayout, Buffer.from(row.receipt, 'hex'));
      expect(verifySigned(receiptLayout, signed, Buffer.from(row.worker_key, 'hex'))).toBe(true);
      expect(signed.value.total.toString()).toBe(row.total_nano);
      // What costs more to settle than it brings is left, and nothing else.
      const isDust = BigInt(row.total_nano) < DUST_NANO;
      if (!isDust) expect(row.paid_nano).toBe(row.total_nano);
    }
  });

  it('leaves receipts that the command line checks, one by one', async () => {
    const file = join(out, 'receipts.jsonl');
    const good = await runCommand(['bin/cocoon.cjs', 'receipts', file]);
    expect(good).toMatchObject({ code: 0 });
    expect(good.lines[good.lines.length - 1]).toMatch(/^\d+ receipts, every signature holds$/);

    // One digit of the last receipt's signature, and its signature holds no more.
    const text = readFileSync(file, 'utf8');
    const at = text.lastIndexOf('"receipt":"') + '"receipt":"'.length + 2 * receiptLayout.size;
    const forged = join(out, 'forged.jsonl');
    writeFileSync(forged, text.slice(0, at) + (text[at] === '0' ? '1' : '0') + text.slice(at + 1));
    const bad = await runCommand(['bin/cocoon.cjs', 'receipts', forged]);
    expect(bad.code).toBe(3);
    expect(bad.lines[bad.lines.length - 1]).toMatch(/the worker key did not sign this receipt/);
  });

  it('leaves evidence of an answer that the command line verifies, and refuses once it is changed', async () => {
    const file = join(out, 'evidence.json');
    const good = await runCommand(['--import', 'tsx', 'src/cli/main.ts', 'verify', file, '--json']);
    expect(good.code).toBe(0);
    const { ok, root, links } = JSON.parse(good.lines[0]!) as {
      ok: boolean;
      root: string;
      links: { state: string }[];
    };
    expect({ ok, root, links: links.length }).toEqual({ ok: true, root: 'simulated', links: 28 });
    expect(links.filter(({ state }) => state === 'not checked')).toHaveLength(5);

    const bundle = JSON.parse(readFileSync(file, 'utf8')) as { responseHash: string };
    const forged = join(out, 'forged.json');
    writeFileSync(forged, JSON.stringify({ ...bundle, responseHash: '00'.repeat(32) }));
    const bad = await runCommand(['--import', 'tsx', 'src/cli/main.ts', 'verify', forged]);
    expect(bad.code).toBe(3);
    expect(bad.lines).toContainEqual(expect.stringMatching(/^✗ answer +the record is of another answer$/));
  });

  const withBrowser = browserPath ? it : it.skip;
  if (!browserPath)
    console.warn('skipped: COCOON_CHROMIUM does not name a browser, so the report page is not looked at');
  withBrowser('draws a report that a browser shows without asking anybody else', async () => {
    const browser = await chromium.launch({
      executablePath: browserPath!,
      args: [
        '--headless',
        '--no-sandbox',
        '--disable-gpu',
        '--disable-quic',
        '--no-first-run',
        '--disable-background-networking',
        '--disable-component-update',
        '--disable-sync',
      ],
    });
    try {
      const page = await browser.newPage();
      const asked: string[] = [];
      page.on('request', (request) => asked.push(request.url()));
      const address = pathToFileURL(join(out, 'report.html')).href;
      await page.goto(address);
      expect(asked).toEqual([address]);
      expect(await page.textContent('.verdict')).toBe('The ledger closes to the nanoton.');
      expect(await page.locator('svg rect').count()).toBeGreaterThan(3);
      const width = await page.evaluate(
        'document.documentElement.scrollWidth - document.documentElement.clientWidth',
      );
      expect(width).toBe(0);
    } finally {
      await browser.close();
    }
  });
});

function runDemo(args: readonly string[]): Promise<Run> {
  return runCommand(['--import', 'tsx', 'src/cli/main.ts', 'demo', ...args]);
}

function runCommand(args: readonly string[]): Promise<Run> {
  const child = spawn(process.execPath, args, { cwd: ROOT });
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (data: Buffer) => (text += data.toString()));
  return new Promise((done) =>
    child.on('close', (code) => done({ code, lines: text.trimEnd().split('\n') })),
  );
}
