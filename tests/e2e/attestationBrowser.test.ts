import { existsSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { build } from 'esbuild';
import { chromium, type Browser, type Page } from 'playwright-core';
import { nodeCrypto } from '../../src/attestation/crypto/node';
import { createQuoteVerifier, type QuoteVerifier, type Verdict } from '../../src/attestation/index';
import { createSimulatedQuoteVerifier } from '../../src/attestation/simulated';
import { VECTORS } from '../../src/attestation/testing/vectors';
import { BROWSER_ARGUMENTS } from './support/browser';

const ROOM = path.join(__dirname, '../../src/attestation');
const browserPath = process.env['COCOON_CHROMIUM'];
const genuine = process.env['COCOON_GENUINE_QUOTES'];
const IN_ONE_CALL = 40;

/** What the page has to judge, as JSON. */
interface Case {
  root: 'intel' | 'simulated';
  quote: string;
  collateral: unknown;
  atUnix: number;
  policy: object;
}

/** In the page: bundled verifiers under `cocoon`. */
interface PageGlobals {
  cocoon: {
    createBrowserQuoteVerifier(): QuoteVerifier;
    createSimulatedQuoteVerifier(crypto: unknown): QuoteVerifier;
    webCrypto(): unknown;
  };
}

if (!browserPath)
  console.warn('skipped: COCOON_CHROMIUM does not name a browser, so no quote is verified in one');
const withBrowser = browserPath ? describe : describe.skip;

withBrowser('a browser', () => {
  let server: Server;
  let browser: Browser;
  let page: Page;

  beforeAll(async () => {
    const script = await bundle();
    server = createServer((request, response) => {
      const [type, body] = request.url === '/verifier.js' ? ['text/javascript', script] : ['text/html', PAGE];
      response.writeHead(200, { 'content-type': `${type}; charset=utf-8` }).end(body);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    browser = await chromium.launch({ executablePath: browserPath!, args: BROWSER_ARGUMENTS });
    page = await browser.newPage();
    await page.goto(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  test('says the same as Node of one vector in four, check by check', async () => {
    const cases = VECTORS.filter((_, i) => i % 4 === 0).map(({ mint, policy }): Case => {
      const { quote, collateral, atUnix } = mint();
      return {
        root: 'simulated',
        quote: quote.toString('base64'),
        collateral: collateral ?? null,
        atUnix,
        policy,
      };
    });
    const here = await inNode(cases);
    expect(await inPage(page, cases)).toEqual(here);
    expect(here.filter(({ verdict }) => verdict === 'accepted').length).toBeGreaterThan(10);
    expect(here.filter(({ verdict }) => verdict === 'refused').length).toBeGreaterThan(50);
  }, 120_000);

  test('says the same as Node of genuine quotes', async () => {
    if (!genuine) return console.warn('skipped: COCOON_GENUINE_QUOTES names no folder of genuine quotes');
    const cases = genuineCases(genuine);
    const there = await inPage(page, cases);
    expect(there).toEqual(await inNode(cases));
    expect(there.map(({ verdict, tcbStatus }) => [verdict, tcbStatus])).toEqual([
      ['accepted', 'UpToDate'],
      ['refused', 'OutOfDate'],
      ['refused', null],
    ]);
  });
});

const PAGE =
  '<!doctype html><meta charset="utf-8"><title>verifier</title><script src="/verifier.js"></script>';

/** The browser's entry, and the simulated one beside it. */
async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    stdin: {
      contents: ['browser', 'simulated', 'crypto/web'].map((file) => `export * from './${file}';`).join('\n'),
      resolveDir: ROOM,
    },
    bundle: true,
    minify: true,
    format: 'iife',
    globalName: 'cocoon',
    platform: 'browser',
    write: false,
  });
  return outputFiles[0]!.text;
}

async function inNode(cases: readonly Case[]): Promise<Verdict[]> {
  const verifiers = {
    intel: createQuoteVerifier(nodeCrypto),
    simulated: createSimulatedQuoteVerifier(nodeCrypto),
  };
  const verdicts: Verdict[] = [];
  for (const { root, quote, ...rest } of cases) {
    verdicts.push(await verifiers[root].verify({ quote: Buffer.from(quote, 'base64'), ...rest }));
  }
  return verdicts;
}

async function inPage(page: Page, cases: readonly Case[]): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  for (let from = 0; from < cases.length; from += IN_ONE_CALL) {
    verdicts.push(...(await page.evaluate(judge, cases.slice(from, from + IN_ONE_CALL))));
  }
  return verdicts;
}

/** Runs in the page: nothing from around it is there. */
async function judge(cases: readonly Case[]): Promise<Verdict[]> {
  const { cocoon } = globalThis as unknown as PageGlobals;
  const verifiers = {
    intel: cocoon.createBrowserQuoteVerifier(),
    simulated: cocoon.createSimulatedQuoteVerifier(cocoon.webCrypto()),
  };
  const verdicts: Verdict[] = [];
  for (const { root, quote, ...rest } of cases) {
    const bytes = Uint8Array.from(atob(quote), (character) => character.charCodeAt(0));
    verdicts.push(await verifiers[root].verify({ quote: bytes, ...rest }));
  }
  return verdicts;
}

function genuineCases(folder: string): Case[] {
  const names = ['intel-v4-bare-metal', 'gcp-v4', 'td15-v5-no-tcb-level'];
  return names.map((name) => {
    const file = path.join(folder, `${name}.collateral.json`);
    return {
      root: 'intel',
      quote: readFileSync(path.join(folder, `${name}.quote`)).toString('base64'),
      collateral: existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as unknown) : null,
      atUnix: Date.parse('2025-06-25T00:00:00Z') / 1000,
      policy: {},
    };
  });
}
