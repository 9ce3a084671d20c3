import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Plugin } from 'esbuild';
import type { BrowserContext, Page } from 'playwright-core';
import type OpenAIPackage from 'openai';
import type * as Sdk from '../../src/browser';
import { openEscrow } from '../../src/chain/accounts';
import type * as Aead from '../../src/channel/aead';
import { createClient } from '../../src/client';
import { parseCoins } from '../../src/protocol/amounts';
import { sha256 } from '../../src/protocol/hash';
import { bundle, filesBelow, openBrowser, serveSite, type Site } from './support/browser';
import { MODEL } from './support/ground';
import type * as Cipher from './support/identityCipher';
import { formsFound } from './support/needles';
import { createNetwork, NETWORK_START_MS, type Network } from './support/network';
import { createTee, type Tee } from './support/tee';

/** As in privacy.test.ts, for the worker; the page gets a bundle of its own. */
const mockCipher = { identity: false };
jest.mock('../../src/channel/aead', () =>
  jest
    .requireActual<typeof Cipher>('./support/identityCipher')
    .identityCipher(jest.requireActual<typeof Aead>('../../src/channel/aead'), () => mockCipher.identity),
);

const EXAMPLE = join(__dirname, '../../examples/browser');
const browserPath = process.env['COCOON_CHROMIUM'];
if (!browserPath)
  console.warn('skipped: COCOON_CHROMIUM does not name a browser, so no page uses the network');
const withBrowser = browserPath ? describe : describe.skip;

/** In the page, under `cocoon`: the SDK, and the official package. */
type InPage = typeof Sdk & { OpenAI: typeof OpenAIPackage; client?: Sdk.Client };
type Settings = Omit<Sdk.BrowserClientConfig, 'signer'>;

/** Words that were planted in what is meant for the worker, and pieces of what it answered. */
interface Exchange {
  planted: string[];
  answered: string[];
}

withBrowser('a page', () => {
  let network: Network;
  let chainTee: Tee;
  let site: Site;
  let texts: Map<string, string>;
  let browser: BrowserContext;
  let page: Page;
  let settings: Settings;
  let profile: string;
  const sent: string[] = [];

  beforeAll(async () => {
    network = await createNetwork({ recorded: true });
    chainTee = await createTee(Number(new URL(network.devnet.url).port));
    const contents = "export * from './src/browser'; export { default as OpenAI } from 'openai';";
    texts = new Map([
      ['/sdk.js', (await bundle({ contents })).text],
      ['/identity.js', (await bundle({ contents, plugins: [identityCipher] })).text],
      ['/dist/browser/cocoon.min.js', (await bundle({})).text],
      ...['index.html', 'page.css', 'page.mjs'].map((name): [string, string] => [
        `/examples/browser/${name}`,
        readFileSync(join(EXAMPLE, name), 'utf8'),
      ]),
    ]);
    site = await serveSite(texts);
    profile = join(network.folder, 'profile');
    browser = await openBrowser(browserPath!, profile);
    page = await open('sdk');
    settings = await foundEscrow();
  }, NETWORK_START_MS);
  afterAll(async () => {
    await browser?.close();
    await site?.close();
    await chainTee?.close();
    await network?.close();
  });

  /** A page of the site with that script. */
  async function open(script: 'sdk' | 'identity'): Promise<Page> {
    const opened = await browser.newPage();
    opened.on('request', (request) => {
      sent.push(`${request.method()} ${request.url()}`);
      sent.push(request.postDataBuffer()?.toString('latin1') ?? '');
    });
    opened.on('console', (message) => sent.push(message.text()));
    await load(opened, script);
    return opened;
  }

  async function load(opened: Page, script: 'sdk' | 'identity'): Promise<void> {
    await opened.goto(`${site.url}/${script}`);
    await opened.addScriptTag({
      type: 'module',
      content: `import * as sdk from '/${script}.js'; globalThis.cocoon = { ...sdk };`,
    });
    await opened.waitForFunction(() => 'cocoon' in globalThis);
  }

  /** An escrow whose signer is a key that the browser made and shows nobody. */
  async function foundEscrow(): Promise<Settings> {
    const publicKey = await page.evaluate(async () => {
      const { cocoon } = globalThis as unknown as { cocoon: InPage };
      return cocoon.publicKeyOf(await cocoon.keptSigner());
    });
    const { wallet } = await network.person('bea', '10');
    const { contract } = await openEscrow(wallet, {
      registry: network.registry,
      signer: Buffer.from(publicKey, 'hex'),
      signerBudgetNano: parseCoins('3'),
      depositNano: parseCoins('4'),
    });
    return {
      chain: {
        endpoint: `http://127.0.0.1:${chainTee.port}/api/v2/jsonRPC`,
        registry: network.registry.toString(),
        devnet: `http://127.0.0.1:${chainTee.port}`,
      },
      routers: network.routers.map(({ url }) => url),
      escrow: contract.toString(),
      policy: { allowSimulated: true },
    };
  }

  test('has a chat, a stream and embeddings by the official package, each with a verified bill', async () => {
    const told = await page.evaluate(connect, settings);
    expect(told).toEqual({ models: [MODEL], refused: [] });
    const { answered } = await exchange('sealed');
    expect(answered.length).toBeGreaterThan(4);
    const receipts = await page.evaluate(receiptsOf);
    expect(receipts.length).toBeGreaterThanOrEqual(4);
    for (const { record, costNano } of receipts) {
      expect(record).not.toBeNull();
      expect(costNano).not.toBeNull();
    }
  }, 60_000);

  test('is told that another tab of its site has the books', async () => {
    const second = await open('sdk');
    await expect(second.evaluate(connectCode, settings)).resolves.toBe('books_in_use');
    await second.close();
  });

  test('that is reloaded in the middle has its books, and uses its line again', async () => {
    const before = await page.evaluate(linesOf);
    const receipts = await page.evaluate(receiptsOf);
    // A request is on its way while the page goes.
    await page.evaluate(() => {
      const { cocoon } = globalThis as unknown as { cocoon: InPage };
      void cocoon.client!.fetch('https://cocoon.invalid/v1/completions', {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'tiny-llama', prompt: 'on its way', max_tokens: 200 }),
      });
    });
    await load(page, 'sdk');
    await page.evaluate(connect, settings);
    const known = await page.evaluate(receiptsOf);
    expect(known.map(({ id }) => id)).toEqual(expect.arrayContaining(receipts.map(({ id }) => id)));

    await exchange('after the reload');
    const after = await page.evaluate(linesOf);
    expect(after.map(({ id }) => id)).toEqual(before.map(({ id }) => id));
    const spent = (lines: typeof before): bigint =>
      lines.reduce((sum, { spentNano }) => sum + BigInt(spentNano), 0n);
    expect(spent(after)).toBeGreaterThan(spent(before));
  }, 60_000);

  test('names the same link as Node of a worker whose quote was changed on its way', async () => {
    const changes = { header: 40, measurement: 200, block: 600, signature: 660 };
    for (const at of Object.values(changes)) {
      const there = await page.evaluate(refusalsOf, { settings, at });
      expect(there).toHaveLength(1);
      expect(await refusedInNode(at)).toEqual(there);
      const named = { [changes.header]: 'quote', [changes.block]: 'freshness', [changes.signature]: 'quote' };
      if (named[at]) expect(there[0]!.link).toBe(named[at]);
    }
  }, 60_000);

  test('shows and leaves nobody a word of what it asked and was answered', async () => {
    const { planted, answered } = await exchange('searched');
    const seen = [...(await everythingSeen())];
    expect(wordsFound([...planted, ...answered], seen)).toEqual([]);
    // What was searched: both ways out of the page, what the router keeps, and the page's own books on disk.
    for (const word of [
      'POST /v1/jobs',
      '"method":"runGetMethod',
      'cocoon-compute cocoon',
      'SQLite format 3',
    ])
      expect(formsFound(word, seen)).not.toEqual([]);
    const others = sent
      .filter((line) => /^[A-Z]+ http/.test(line))
      .map((line) => new URL(line.split(' ')[1]!).origin);
    const known = [site.url, `http://127.0.0.1:${chainTee.port}`, ...settings.routers];
    expect([...new Set(others)].filter((origin) => !known.includes(origin))).toEqual([]);
  }, 60_000);

  test('of the examples answers, says what it cost, and opens its lock into a verified chain', async () => {
    await page.goto('about:blank');
    texts.set('/examples/browser/settings.json', JSON.stringify(settings));
    const example = await browser.newPage();
    const shown = (selector: string): Promise<string> => example.locator(selector).first().innerText();
    await example.goto(`${site.url}/examples/browser/index.html`);
    await example.locator('#text:enabled').fill('Who can read this?');
    expect(await shown('#state')).toBe(
      '1 worker verified by this page, on simulated hardware: write nothing secret',
    );
    await example.keyboard.press('Enter');
    await example.locator('.answer.simulated').waitFor();
    expect((await shown('.answer .text')).length).toBeGreaterThan(20);
    expect(await shown('.answer .cost')).toMatch(/^0\.\d{6} TON$/);
    await example.locator('.answer summary').click();
    expect(await shown('#price')).toBe('per million tokens: 20 TON in, 80 TON out');
    const links = await example
      .locator('.links li')
      .evaluateAll((rows) => rows.map((row) => (row as unknown as { className: string }).className));
    expect(links.filter((state) => state === 'ok').length).toBeGreaterThan(18);
    expect(links).not.toContain('failed');
    const picture = process.env['COCOON_SCREENSHOT'];
    if (picture) await example.screenshot({ path: picture });
    await example.close();
  }, 60_000);

  test('would be overheard, by the same search, if encryption were replaced by identity', async () => {
    mockCipher.identity = true;
    try {
      await load(page, 'identity');
      await page.evaluate(connect, settings);
      const { planted, answered } = await exchange('identity');
      const words = [...planted, ...answered];
      expect(wordsFound(words, await everythingSeen())).toEqual(words);
    } finally {
      mockCipher.identity = false;
    }
  }, 60_000);

  async function refusedInNode(at: number): Promise<{ link: string; reason: string }[]> {
    const client = createClient(
      {
        routers: settings.routers,
        escrow: network.registry,
        signer: network.keys('nobody'),
        dataDir: null,
        policy: { allowSimulated: true },
      },
      { chain: network.chain, clock: network.clock, fetch: lyingFetch(at) },
    );
    await client.models();
    const refused = client.refusedWorkers().map(({ link, reason }) => ({ link, reason }));
    await client.close();
    return refused;
  }

  /** One request of each kind, with words of its own. */
  async function exchange(seed: string): Promise<Exchange> {
    const planted = ['system', 'user', 'stream', 'prompt', 'input'].map(
      // Letters that other forms write differently, and a part that stands nowhere else.
      (purpose) =>
        `ž${sha256(Buffer.from(`${seed}/${purpose}`))
          .toString('hex')
          .slice(0, 16)} ž`,
    );
    const texts = await page.evaluate(askEverything, planted);
    const answered = texts.flatMap((text) => text.match(/\w+ \w+ \w+/g) ?? []);
    return { planted, answered };
  }

  async function everythingSeen(): Promise<Buffer[]> {
    const rows = await page.evaluate(everyRow);
    const ledgers = network.routers
      .flatMap(({ ledgerPath }) => ['', '-wal', '-shm'].map((suffix) => ledgerPath + suffix))
      .filter((path) => existsSync(path))
      .map((path) => readFileSync(path));
    return [
      ...network.routers.flatMap((router) => [...router.traffic(), Buffer.from(router.log())]),
      ...chainTee.streams(),
      ...sent.map((text) => Buffer.from(text, 'latin1')),
      ...ledgers,
      ...filesBelow(profile),
      ...rows.map((row) => Buffer.from(row, 'latin1')),
    ];
  }
});

/** The page's bundle with a cipher that leaves everything readable. */
const identityCipher: Plugin = {
  name: 'identity cipher',
  setup({ onLoad }) {
    onLoad({ filter: /src[\\/]channel[\\/]aead\.ts$/ }, ({ path }) => ({
      contents: readFileSync(path, 'utf8')
        .replace(
          '= aesGcmSeal;',
          '= (key, nonce, aad, text, before = []) => Buffer.concat([Buffer.from(before), text, Buffer.alloc(TAG_BYTES)]);',
        )
        .replace(
          '= aesGcmOpen;',
          '= (key, nonce, aad, text) => Buffer.from(text.subarray(0, text.length - TAG_BYTES));',
        ),
      loader: 'ts',
    }));
  },
};

/** A router that changes that byte of every quote. */
const lyingFetch =
  (at: number): typeof fetch =>
  async (input, init) => {
    const response = await fetch(input, init);
    if (!/\/evidence$/.test(input instanceof Request ? input.url : String(input))) return response;
    const evidence = (await response.json()) as { quote: string };
    const quote = Buffer.from(evidence.quote, 'base64');
    quote[at]! ^= 1;
    return Response.json({ ...evidence, quote: quote.toString('base64') });
  };

function wordsFound(words: readonly string[], haystacks: readonly Buffer[]): string[] {
  return words.filter((word) => formsFound(word, haystacks).length > 0);
}

// What follows runs in the page: nothing from around it is there.

async function connect(settings: Settings): Promise<{ models: string[]; refused: string[] }> {
  const { cocoon } = globalThis as unknown as { cocoon: InPage };
  cocoon.client = await cocoon.createBrowserClient({ ...settings, signer: await cocoon.keptSigner() });
  const models = await cocoon.client.models();
  return {
    models: models.map(({ id }) => id),
    refused: cocoon.client.refusedWorkers().map(({ reason }) => reason),
  };
}

async function connectCode(settings: Settings): Promise<string> {
  const { cocoon } = globalThis as unknown as { cocoon: InPage };
  return cocoon.createBrowserClient({ ...settings, signer: await cocoon.keptSigner() }).then(
    () => 'opened',
    (error: { code: string }) => error.code,
  );
}

async function askEverything([system, user, stream, prompt, input]: string[]): Promise<string[]> {
  const { cocoon } = globalThis as unknown as { cocoon: InPage };
  const openai = new cocoon.OpenAI({
    fetch: cocoon.client!.fetch,
    baseURL: 'https://cocoon.invalid/v1',
    apiKey: 'unused',
    maxRetries: 0,
    dangerouslyAllowBrowser: true,
  });
  const model = 'tiny-llama';
  const chat = await openai.chat.completions.create({
    model,
    messages: [
      { role: 'system', content: `You are ${system}.` },
      { role: 'user', content: user! },
    ],
    max_tokens: 24,
  });
  const chunks = await openai.chat.completions.create({
    model,
    messages: [{ role: 'user', content: stream! }],
    max_tokens: 24,
    stream: true,
  });
  let streamed = '';
  for await (const chunk of chunks) streamed += chunk.choices[0]?.delta.content ?? '';
  const completion = await openai.completions.create({ model, prompt: prompt!, max_tokens: 24 });
  const embedding = await openai.embeddings.create({ model, input: [input!] });
  if (streamed === '' || embedding.data[0]!.embedding.length === 0) throw new Error('nothing was answered');
  return [chat.choices[0]!.message.content!, completion.choices[0]!.text];
}

function receiptsOf(): { id: string; record: string | null; costNano: string | null }[] {
  const { cocoon } = globalThis as unknown as { cocoon: InPage };
  const text = (nano: bigint | null): string | null => nano?.toString() ?? null;
  return cocoon
    .client!.receipts()
    .filter(({ model }) => model === 'tiny-llama')
    .map(({ id, record, costNano }) => ({ id, record, costNano: text(costNano) }));
}

async function linesOf(): Promise<{ id: string; spentNano: string }[]> {
  const { cocoon } = globalThis as unknown as { cocoon: InPage };
  const lines = await cocoon.client!.lines();
  return lines.map(({ id, spentNano }) => ({ id, spentNano: spentNano.toString() }));
}

/** Everything that IndexedDB keeps for this site, as text: its files may be compressed. */
async function everyRow(): Promise<string[]> {
  interface Database {
    objectStoreNames: Iterable<string>;
    transaction(name: string): { objectStore(name: string): { getAll(): Request } };
    close(): void;
  }
  interface Request {
    result: unknown;
    onsuccess: () => void;
    onerror: () => void;
  }
  const { indexedDB } = globalThis as unknown as {
    indexedDB: { databases(): Promise<{ name: string }[]>; open(name: string): Request };
  };
  const done = <T>(request: Request): Promise<T> =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result as T);
      request.onerror = () => reject(new Error('a table cannot be read'));
    });
  const texts: string[] = [];
  for (const { name } of await indexedDB.databases()) {
    const database = await done<Database>(indexedDB.open(name));
    for (const table of database.objectStoreNames) {
      const rows = await done<object[]>(database.transaction(table).objectStore(table).getAll());
      for (const value of rows.flatMap((row) => Object.values(row) as unknown[])) {
        texts.push(value instanceof Uint8Array ? String.fromCharCode(...value) : String(value));
      }
    }
    database.close();
  }
  return texts;
}

/** What a page is told of the workers when its router changes every quote. */
async function refusalsOf({
  settings,
  at,
}: {
  settings: Settings;
  at: number;
}): Promise<{ link: string; reason: string }[]> {
  const { cocoon } = globalThis as unknown as { cocoon: InPage };
  const lying: typeof fetch = async (input, init) => {
    const response = await fetch(input, init);
    if (!/\/evidence$/.test(input instanceof Request ? input.url : String(input))) return response;
    const evidence = (await response.json()) as { quote: string };
    const quote = Uint8Array.from(atob(evidence.quote), (character) => character.charCodeAt(0));
    quote[at]! ^= 1;
    return Response.json({ ...evidence, quote: btoa(String.fromCharCode(...quote)) });
  };
  const client = await cocoon.createBrowserClient(
    { ...settings, books: 'memory', signer: await cocoon.keptSigner() },
    { fetch: lying },
  );
  await client.models();
  const refused = client.refusedWorkers().map(({ link, reason }) => ({ link, reason }));
  await client.close();
  return refused;
}
