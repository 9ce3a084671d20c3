import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeCrypto } from '../../src/attestation/crypto/node';
import type * as WebCrypto from '../../src/attestation/crypto/web';
import { createHistory } from '../../src/chain/history';
import { runVerifyEvidence } from '../../src/cli/verify/command';
import { createDevnet, type Devnet } from '../../src/devnet/devnet';
import {
  verifyBundle,
  writeBundle,
  type EvidenceBundle,
  type Link,
  type Verification,
} from '../../src/evidence';
import type * as Evidence from '../../src/evidence';
import { bundle as bundleScript, openBrowser, serveSite } from './support/browser';
import type { E2eClient } from './support/clients';
import { MODEL } from './support/ground';
import { createNetwork, NETWORK_START_MS, type Network } from './support/network';

const CHAIN_LINKS = ['freshness', 'allow-list', 'admission', 'escrow', 'settlement'];
const HELLO = { model: MODEL, messages: [{ role: 'user' as const, content: 'Hello.' }], max_tokens: 16 };
const browserPath = process.env['COCOON_CHROMIUM'];

let network: Network;
let foreign: Devnet;
let ann: E2eClient;
let bundles: EvidenceBundle[];

beforeAll(async () => {
  network = await createNetwork();
  foreign = await createDevnet({ dataDir: null, port: 0, blockIntervalMs: 0 });
  ann = await network.openClient('ann');
  bundles = [];
  for (let n = 0; n < 3; n++) {
    const { response } = await ann.sdk.chat.completions.create(HELLO).withResponse();
    bundles.push(ann.client.evidence(response.headers.get('x-cocoon-receipt-id')!)!);
  }
}, NETWORK_START_MS);
afterAll(async () => {
  await network?.close();
  await foreign?.close();
});

const verify = (bundle: unknown, options: object = {}): Promise<Verification> =>
  verifyBundle(bundle, { crypto: nodeCrypto, policy: { allowSimulated: true }, ...options });
const named = ({ links }: { links: readonly Link[] }, state: Link['state']): string[] =>
  links.filter((link) => link.state === state).map(({ name }) => name);

describe('evidence of an answer that a network gave', () => {
  test('holds without the chain, but for what has no proof there', async () => {
    for (const bundle of bundles) {
      const found = await verify(writeBundle(bundle));
      expect(named(found, 'failed')).toEqual([]);
      expect(named(found, 'not checked')).toEqual(CHAIN_LINKS);
    }
  });

  test('is of each answer apart: no part of one fits into another', async () => {
    const [first, second] = bundles as [EvidenceBundle, EvidenceBundle];
    for (const field of ['record', 'proof', 'receipt', 'ticket', 'requestHash', 'responseHash'] as const) {
      expect(second[field]).not.toBe(first[field]);
      expect((await verify({ ...first, [field]: second[field] })).ok).toBe(false);
    }
  });

  test('holds against the chain before it is settled, and names the settling transaction after', async () => {
    const chain = { ...network.chain, ...createHistory(network.chain.client) };
    const before = await verify(bundles[2], { chain });
    expect(named(before, 'failed')).toEqual([]);
    expect(before.links.filter(({ state }) => state === 'not checked')).toEqual([
      expect.objectContaining({
        name: 'settlement',
        detail: expect.stringMatching(/^not settled yet: 0 TON of/),
      }),
    ]);

    await network.workers[0]!.restart('drain');
    const after = await verify(bundles[2], { chain });
    expect(named(after, 'ok')).toHaveLength(after.links.length);
    const { detail } = after.links.at(-1)!;
    const hash = /by transaction ([0-9a-f]{16})/.exec(detail)![1]!;
    const transactions = await network.chain.transactions(ann.escrow, 100);
    expect(transactions.some((seen) => seen.hash.toString('hex').startsWith(hash))).toBe(true);
  });

  test('is not there for a receipt that nobody knows', () => {
    expect(ann.client.evidence('00'.repeat(16))).toBeNull();
  });
});

describe('cocoon verify', () => {
  const run = async (text: string, flags: Partial<Parameters<typeof runVerifyEvidence>[1]> = {}) => {
    let out = '';
    const to = { write: (part: string) => void (out += part), colours: false };
    return { code: await runVerifyEvidence(text, { chain: [], json: false, ...flags }, to), out };
  };

  test('prints every link on a line of its own, and what follows', async () => {
    const { code, out } = await run(writeBundle(bundles[0]!));
    expect(code).toBe(0);
    expect(out).toMatch(/^✓ fee {10}0\.\d+ TON for \d+.* tokens$/m);
    expect(out).toMatch(/^○ settlement {3}has no proof without the chain$/m);
    expect(out).toMatch(/VERIFIED AS A SIMULATION: 23 links hold\.\n5 not checked/);
    expect(Math.max(...out.split('\n').map(({ length }) => length))).toBeLessThanOrEqual(110);
  });

  test('asks several chains, which agree', async () => {
    const url = network.devnet.apiUrl;
    const { code, out } = await run(writeBundle(bundles[0]!), { chain: [url, url], json: true });
    const found = JSON.parse(out) as Verification;
    expect({ code, ok: found.ok, failed: named(found, 'failed') }).toEqual({ code: 0, ok: true, failed: [] });
    expect(named(found, 'not checked')).toEqual([]);
  });

  test('fails where one of them says something else', async () => {
    const chain = [network.devnet.apiUrl, foreign.apiUrl];
    const { code, out } = await run(writeBundle(bundles[0]!), { chain });
    expect(code).toBe(3);
    expect(out).toMatch(/✗ allow-list {3}the chains disagree\./);
  });

  test('does not take the bundle of another network', async () => {
    const { code, out } = await run(writeBundle(bundles[0]!), { chain: [foreign.apiUrl], json: true });
    expect(code).toBe(3);
    expect(named(JSON.parse(out) as Verification, 'failed')).toEqual(CHAIN_LINKS.slice(0, -1));
  });

  test('fails for a changed bundle, and says where', async () => {
    const [first, second] = bundles as [EvidenceBundle, EvidenceBundle];
    const { code, out } = await run(JSON.stringify({ ...first, record: second.record }));
    expect(code).toBe(3);
    expect(out).toMatch(/NOT VERIFIED: answer, record, inclusion/);
  });

  test('does not say anything when the chain does not answer', async () => {
    const dead = run(writeBundle(bundles[0]!), { chain: ['http://127.0.0.1:9/api/v2/jsonRPC'] });
    await expect(dead).rejects.toMatchObject({ code: 'chain_unavailable' });
  });
});

if (!browserPath)
  console.warn('skipped: COCOON_CHROMIUM does not name a browser, so no page verifies a bundle');
const withBrowser = browserPath ? describe : describe.skip;

/** In the page, under `cocoon`. */
type InPage = typeof Evidence & typeof WebCrypto;

withBrowser('a page', () => {
  test('finds the same links as Node, of a genuine bundle and of a changed one', async () => {
    const parts = ['src/browser/globals', 'src/evidence', 'src/attestation/crypto/web'];
    const contents = parts.map((part) => `export * from './${part}';`).join('\n');
    const site = await serveSite(new Map([['/evidence.js', (await bundleScript({ contents })).text]]));
    const profile = mkdtempSync(join(tmpdir(), 'cocoon-page-'));
    const browser = await openBrowser(browserPath!, profile);
    try {
      const page = await browser.newPage();
      await page.goto(`${site.url}/evidence.html`);
      const content = "import * as cocoon from '/evidence.js'; globalThis.cocoon = cocoon;";
      await page.addScriptTag({ type: 'module', content });
      await page.waitForFunction('globalThis.cocoon');
      const changed = JSON.stringify({ ...bundles[0]!, record: bundles[1]!.record });
      for (const text of [writeBundle(bundles[0]!), changed, '{}']) {
        const there = await page.evaluate((given) => {
          const { cocoon } = globalThis as unknown as { cocoon: InPage };
          return cocoon.verifyBundle(given, { crypto: cocoon.webCrypto(), policy: { allowSimulated: true } });
        }, text);
        expect(there).toEqual(await verify(text));
      }
    } finally {
      await browser.close();
      await site.close();
      rmSync(profile, { recursive: true, force: true });
    }
  });
});
