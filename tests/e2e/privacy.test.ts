import { existsSync, readFileSync } from 'node:fs';
import type * as Aead from '../../src/channel/aead';
import { sha256 } from '../../src/protocol/hash';
import { MODEL } from './support/ground';
import type * as Cipher from './support/identityCipher';
import { formsFound, formsOf } from './support/needles';
import { createNetwork, NETWORK_START_MS, type Network } from './support/network';
import type { E2eClient } from './support/clients';

/**
 * The one seam is the module registry of this test: no argument, setting or variable of a program reaches the cipher.
 * While `identity` is set, what is sealed stays readable and keeps its length; everything else works as always.
 */
const mockCipher = { identity: false };
jest.mock('../../src/channel/aead', () =>
  jest
    .requireActual<typeof Cipher>('./support/identityCipher')
    .identityCipher(jest.requireActual<typeof Aead>('../../src/channel/aead'), () => mockCipher.identity),
);

/** What one round of requests planted and got. */
interface Exchange {
  /** Words in everything that is meant for the worker. */
  planted: string[];
  /** Words in headers of the caller's HTTP request: these must not even leave the caller's machine. */
  headers: string[];
  /** Pieces of the answers, long enough not to stand anywhere by chance. */
  answered: string[];
}

let network: Network;
let customer: E2eClient;

beforeAll(async () => {
  network = await createNetwork({ recorded: true });
  customer = await network.openClient('ann');
}, NETWORK_START_MS);
afterEach(() => {
  mockCipher.identity = false;
});
afterAll(() => network.close());

describe('a router sees only ciphertext', () => {
  test('nothing that it received, sent, stored or logged holds a word of any prompt, header or answer', async () => {
    // First: the model may well answer alike when it is asked without encryption.
    const { planted, headers, answered } = await exchange('sealed');
    const seen = everythingSeen();
    expect(planted.length).toBeGreaterThanOrEqual(18);
    expect(answered.length).toBeGreaterThanOrEqual(30);
    expect(wordsFound([...planted, ...headers, ...answered], seen)).toEqual([]);
  });

  test('with encryption replaced by identity the same search finds every word of prompts and answers', async () => {
    mockCipher.identity = true;
    const { planted, headers, answered } = await exchange('identity');
    const seen = everythingSeen();
    expect(wordsFound([...planted, ...answered], seen)).toEqual([...planted, ...answered]);
    // Headers are not sealed: they end at the client.
    expect(wordsFound(headers, seen)).toEqual([]);
  });

  test('what was searched are the connections with clients, workers and the chain, the ledger and the log', async () => {
    const [router] = network.routers;
    const line = (await customer.client.lines())[0]!;
    const traffic = router!.traffic();
    expect(formsFound('POST /v1/jobs', traffic)).toContain('plain');
    expect(formsFound('upgrade: cocoon-link/1', traffic)).toContain('plain');
    expect(formsFound('"method":"runGetMethod', traffic)).toContain('plain');
    expect(formsFound('router listens', [Buffer.from(router!.log())])).toContain('plain');
    const receipt = Buffer.from(
      await router!.receipt(line.id, customer.escrow.hash.toString('hex')),
      'base64',
    );
    expect(ledgerFiles().some((file) => file.includes(receipt))).toBe(true);
  });

  test('the search knows a word in each of its forms, wherever it stands', () => {
    const word = 'grüner 🌊 Reiher';
    for (const before of ['', 'a', 'ab', 'abc']) {
      const text = `${before}${word}z`;
      const utf8 = Buffer.from(text);
      const written: Record<string, Buffer> = {
        plain: utf8,
        base64: Buffer.from(utf8.toString('base64')),
        base64url: Buffer.from(utf8.toString('base64url')),
        hex: Buffer.from(utf8.toString('hex').toUpperCase()),
        'utf-16': Buffer.from(text, 'utf16le').swap16(),
        percent: Buffer.from(encodeURIComponent(text)),
        JSON: Buffer.from(`{"a":"${before}gr\\u00fcner \\ud83c\\udf0a Reiher"}`),
      };
      expect(Object.keys(written)).toEqual([...formsOf(word).keys()]);
      for (const [form, bytes] of Object.entries(written)) {
        expect(formsFound(word, [Buffer.alloc(3), bytes])).toContain(form);
      }
    }
    expect(formsFound(word, [Buffer.from('a green heron')])).toEqual([]);
  });
});

/** One request of each kind by the SDK and by the gateway, with words of their own. */
async function exchange(seed: string): Promise<Exchange> {
  const planted: string[] = [];
  const headers: string[] = [];
  const answered: string[] = [];
  const plant = (words: string[], purpose: string): string => {
    // Letters that other forms write differently, and a part that stands nowhere else.
    const word = `ž${sha256(Buffer.from(`${seed}/${purpose}`))
      .toString('hex')
      .slice(0, 16)} ž`;
    words.push(word);
    return word;
  };

  for (const way of ['sdk', 'gateway'] as const) {
    const openai = customer[way];
    const secret = (purpose: string): string => plant(planted, `${way} ${purpose}`);
    const options = () => {
      const word = (purpose: string): string =>
        plant(headers, `${way} ${headers.length} ${purpose}`).slice(1, 17);
      const planned = { 'x-planted': word('header'), 'idempotency-key': word('key') };
      headers.splice(-2, 2, planned['x-planted'], planned['idempotency-key']);
      return { headers: planned };
    };
    const messages = (kind: string) => [
      { role: 'system' as const, content: `You are ${secret(`${kind} system`)}.` },
      { role: 'assistant' as const, content: secret(`${kind} assistant`) },
      { role: 'user' as const, content: [{ type: 'text' as const, text: secret(`${kind} user`) }] },
    ];

    const chat = await openai.chat.completions.create(
      {
        model: MODEL,
        messages: messages('chat'),
        max_tokens: 24,
        stop: [secret('stop')],
        user: secret('name'),
      },
      options(),
    );
    answered.push(...pieces(chat.choices[0]!.message.content!));

    const stream = await openai.chat.completions.create(
      { model: MODEL, messages: messages('stream'), max_tokens: 24, stream: true },
      options(),
    );
    for await (const chunk of stream) {
      const delta = chunk.choices[0]?.delta.content ?? '';
      // A single word may stand anywhere; as a delta it stands only in this stream.
      if (delta.length > 3) answered.push(`"content":${JSON.stringify(delta)}`);
    }

    const completion = await openai.completions.create(
      { model: MODEL, prompt: secret('completion'), max_tokens: 24 },
      options(),
    );
    answered.push(...pieces(completion.choices[0]!.text));

    const embedding = await openai.embeddings.create(
      { model: MODEL, input: [secret('input 1'), secret('input 2')], encoding_format: 'base64' },
      options(),
    );
    for (const { embedding: vector } of embedding.data) {
      const distinct = (String(vector).match(/.{32}/g) ?? []).filter((part) => new Set(part).size > 10);
      answered.push(...distinct.slice(0, 4));
    }
  }
  return { planted, headers, answered };
}

/** Runs of three words. */
function pieces(text: string): string[] {
  return text.match(/\w+ \w+ \w+/g) ?? [];
}

function wordsFound(words: readonly string[], haystacks: readonly Buffer[]): string[] {
  return words.filter((word) => formsFound(word, haystacks).length > 0);
}

function everythingSeen(): Buffer[] {
  return [
    ...network.routers.flatMap((router) => [...router.traffic(), Buffer.from(router.log())]),
    ...ledgerFiles(),
  ];
}

function ledgerFiles(): Buffer[] {
  return network.routers
    .flatMap(({ ledgerPath }) => ['', '-wal', '-shm'].map((suffix) => ledgerPath + suffix))
    .filter((path) => existsSync(path))
    .map((path) => readFileSync(path));
}
