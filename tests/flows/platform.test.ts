import { nodeCrypto } from '../../src/attestation/crypto/node';
import { imageId, shape } from '../../src/attestation/image';
import { chooseKind } from '../../src/attestation/onchain/kind';
import { parseQuote } from '../../src/attestation/quote';
import { createSimulatedHost, type SimulatedHost } from '../../src/attestation/testing/host';
import { MINTED_AT, mintQuote, REPORT_DATA, type MintOverrides } from '../../src/attestation/testing/mint';
import { sha256 } from '../../src/protocol/hash';
import { ppidHash } from '../../wrappers/Platform';
import * as P from '../support/platform';

const NOT_REMEMBERED = 'key not cached';

function host(seed: string, options: { ca?: 'platform' | 'processor'; at?: number } = {}): SimulatedHost {
  return createSimulatedHost({
    random: (length) => sha256(Buffer.from(seed)).subarray(0, length),
    nowUnix: options.at ?? MINTED_AT,
    ppid: PPID.toString('hex'),
    ca: options.ca ?? 'platform',
  });
}

const PPID = sha256(Buffer.from('one machine')).subarray(0, 16);
const REPORT = Buffer.concat([sha256(Buffer.from('statement')), sha256(Buffer.from('block'))]);

const onMachine = (options: Parameters<typeof P.createPlatform>[1] = {}): Promise<P.PlatformFixture> =>
  P.createPlatform(ppidHash(PPID), options);

async function answer(
  overrides: MintOverrides,
  kind: 'ca' | 'leaf' = 'leaf',
  at = MINTED_AT,
): Promise<string> {
  const minted = mintQuote(overrides);
  const platform = await P.createPlatform(ppidHash(minted.machine.leaf.pck.ppid), { at });
  return P.outcome(await P.sendTo(platform, P.attestBody(minted.quote, kind)));
}

describe('a verified quote', () => {
  test.each(['v4', 'v5-td10', 'v5-td15'] as const)(
    'of form %s tells the Registry what it says',
    async (form) => {
      const minted = mintQuote({ form });
      const { pck, notAfter } = minted.machine.leaf;
      const quote = parseQuote(minted.quote);
      const platform = await P.createPlatform(ppidHash(pck.ppid));
      const tx = await P.sendTo(platform, P.attestBody(minted.quote, 'leaf'));
      expect(P.outcome(tx)).toBe('accepted');

      const told = P.reportOf(tx);
      const number = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`);
      expect(told.ppidHash).toBe(number(ppidHash(pck.ppid)));
      expect(told.provider.equals(P.PROVIDER)).toBe(true);
      expect(told.index).toBe(BigInt(P.WORKER_INDEX));
      expect(told.certifiedUntil).toBe(BigInt(notAfter));
      expect(told.responseTo.equals(P.SUBMITTER)).toBe(true);
      expect(told.measured).toEqual({
        $$type: 'Measured',
        imageId: number(await imageId(quote.body, 'simulated', nodeCrypto)),
        shape: number(await shape(quote.body, nodeCrypto)),
        statementDigest: number(REPORT_DATA.subarray(0, 32)),
      });
      expect(told.tcb).toEqual({
        $$type: 'Tcb',
        blockRoot: number(REPORT_DATA.subarray(32)),
        fmspc: number(pck.fmspc),
        pceId: number(pck.pceId),
        pceSvn: BigInt(pck.pceSvn),
        sgxSvns: number(Uint8Array.from(pck.sgxSvns)),
        teeTcbSvn: number(quote.body.teeTcbSvn),
        teeTcbSvn2: form === 'v5-td15' ? number(quote.body.teeTcbSvn2!) : 0n,
        qeIsvSvn: BigInt(quote.qe.isvSvn),
      });
    },
  );

  test('of a machine of the processor CA brings that CA along', async () => {
    expect(await answer({ ca: 'processor' }, 'ca')).toBe('accepted');
  });

  test.each([
    ['components above 127', { sgxSvns: [128, 3, 255, 2, 4, 1, 0, 5, 0, 0, 0, 129, 0, 0, 0, 200] }],
    ['a PCE SVN of 127', { pceSvn: 127 }],
    ['a PCE SVN of 128', { pceSvn: 128 }],
    ['a PCE SVN of 32,767', { pceSvn: 32_767 }],
    ['a PCE SVN of 32,768', { pceSvn: 32_768 }],
    ['a PCE SVN of 65,535', { pceSvn: 65_535 }],
  ])('may have %s, under either CA', async (_, pck) => {
    expect(await answer({ pck })).toBe('accepted');
    expect(await answer({ pck, ca: 'processor' }, 'ca')).toBe('accepted');
  });

  test.each([
    ['one byte', Buffer.of(0x7f)],
    ['one byte and a sign', Buffer.of(0x80)],
    ['19 bytes', Buffer.alloc(19, 0x55)],
    ['20 bytes', Buffer.alloc(20, 0x7f)],
    ['20 bytes and a sign', Buffer.alloc(20, 0xff)],
  ])('may have a serial number of %s', async (_, serial) => {
    expect(await answer({ leaf: { serial } })).toBe('accepted');
  });
});

describe('what is remembered', () => {
  test('takes the next quotes by the certificate, then by the key alone', async () => {
    const platform = await onMachine();
    const quote = host('a').quote(REPORT);
    expect(P.outcome(await P.sendTo(platform, P.attestBody(quote, 'key')))).toBe(NOT_REMEMBERED);
    expect(P.outcome(await P.sendTo(platform, P.attestBody(quote, 'leaf')))).toBe('accepted');
    for (const kind of ['pck', 'key'] as const) {
      const tx = await P.sendTo(platform, P.attestBody(quote, kind));
      expect(P.outcome(tx)).toBe('accepted');
      expect(P.reportOf(tx).tcb.pceSvn).toBe(11n);
    }
    const { cache, keys } = await P.readPlatform(platform);
    expect(keys).toHaveLength(1);
    expect(chooseKind(parseQuote(quote), 'simulated', cache)).toBe('key');
  });

  test('is four certificates at most, and never gives way to one that ends sooner', async () => {
    const platform = await onMachine();
    const hosts = [0, 1, 2, 3, 4].map((day) => host(`host ${day}`, { at: MINTED_AT - day * 86_400 }));
    // The second lives longest after the first; the last would be the first to end.
    for (const each of hosts) {
      const tx = await P.sendTo(platform, P.attestBody(each.quote(REPORT), 'leaf'));
      expect(P.outcome(tx)).toBe('accepted');
    }
    const kinds = async (): Promise<string[]> => {
      const { cache } = await P.readPlatform(platform);
      return hosts.map((each) => chooseKind(parseQuote(each.quote(REPORT)), 'simulated', cache));
    };
    expect(await kinds()).toEqual(['key', 'key', 'key', 'key', 'leaf']);

    const longest = host('longest', { at: MINTED_AT + 86_400 });
    await P.sendTo(platform, P.attestBody(longest.quote(REPORT), 'leaf'));
    expect(await kinds()).toEqual(['key', 'key', 'key', 'leaf', 'leaf']);
    for (const each of [longest, ...hosts.slice(0, 3)]) {
      for (const kind of ['key', 'pck'] as const)
        expect(P.outcome(await P.sendTo(platform, P.attestBody(each.quote(REPORT), kind)))).toBe('accepted');
    }
    const forgotten = P.attestBody(hosts[4]!.quote(REPORT), 'pck');
    expect(P.outcome(await P.sendTo(platform, forgotten))).toBe(NOT_REMEMBERED);
  });

  test('ends with its certificate, to the second', async () => {
    const notAfter = MINTED_AT + 1_000;
    const minted = mintQuote({ leaf: { notAfter } });
    const platform = await P.createPlatform(ppidHash(minted.machine.leaf.pck.ppid));
    await P.sendTo(platform, P.attestBody(minted.quote, 'leaf'));
    for (const [at, outcome] of [
      [notAfter, 'accepted'],
      [notAfter + 1, 'leaf expired'],
    ] as const) {
      platform.chain.now = at;
      for (const kind of ['key', 'pck', 'leaf'] as const)
        expect(P.outcome(await P.sendTo(platform, P.attestBody(minted.quote, kind)))).toBe(outcome);
    }
  });
});

describe('certificates', () => {
  test('of a machine begin and end to the second', async () => {
    const [notBefore, notAfter] = [MINTED_AT - 5, MINTED_AT + 5];
    const at = (now: number): Promise<string> => answer({ leaf: { notBefore, notAfter } }, 'leaf', now);
    expect(await at(notBefore - 1)).toBe('leaf not yet valid');
    expect(await at(notBefore)).toBe('accepted');
    expect(await at(notAfter)).toBe('accepted');
    expect(await at(notAfter + 1)).toBe('leaf expired');
  });

  test('of the CA end to the second, pinned or carried, and begin', async () => {
    const until = 2_000_285_410;
    const leaf = { notBefore: MINTED_AT, notAfter: until + 86_400 };
    for (const kind of ['leaf', 'ca'] as const) {
      expect(await answer({ leaf }, kind, until)).toBe('accepted');
      expect(await answer({ leaf }, kind, until + 1)).toBe('ca expired');
    }
    const early = { notBefore: 1_500_000_000, notAfter: 1_600_000_000 };
    const begins = 1_526_899_810;
    expect(await answer({ leaf: early }, 'ca', begins - 1)).toBe('ca not yet valid');
    expect(await answer({ leaf: early }, 'ca', begins)).toBe('accepted');
  });

  test('of another machine are not this Platform', async () => {
    const { quote } = mintQuote();
    const tx = await P.sendTo(await onMachine(), P.attestBody(quote, 'leaf'));
    expect(P.outcome(tx)).toBe('other platform');
  });

  test('have no date before March 2000', async () => {
    const day = (text: string): number => Date.parse(text) / 1000;
    const from = (notBefore: number): Promise<string> => answer({ leaf: { notBefore } });
    expect(await from(day('2000-03-01T00:00:00Z'))).toBe('accepted');
    await expect(from(day('2000-02-29T23:59:59Z'))).rejects.toThrow('is not of 2000 to 2049');
  });

  test.each(['2024-02-29T23:59:59Z', '2028-02-29T00:00:00Z', '2028-03-01T00:00:00Z', '2049-12-31T23:59:59Z'])(
    'may end or begin at %s',
    async (date) => {
      const unix = Date.parse(date) / 1000;
      const leaf = unix < MINTED_AT ? { notBefore: unix } : { notAfter: unix };
      expect(await answer({ leaf })).toBe('accepted');
    },
  );
});

describe('a trust domain is refused', () => {
  const attributes = (hex: string): MintOverrides => ({ body: { tdAttributes: Buffer.from(hex, 'hex') } });

  test.each([
    ['with debugging on', attributes('0100001000000000'), 'debug'],
    ['that may move', attributes('0000003000000000'), 'migratable'],
    ['that takes exceptions from its host', attributes('0000000000000000'), 'sept ve enabled'],
    ['with a reserved attribute', attributes('0200001000000000'), 'attributes reserved'],
    [
      'under a debug enclave',
      { qe: { attributes: Buffer.from('1700000000000000e700000000000000', 'hex') } },
      'qe attributes',
    ],
  ])('%s', async (_, overrides, name) => {
    expect(await answer(overrides)).toBe(name);
  });

  test('and protection keys, key locker and performance counters are not a reason', async () => {
    expect(await answer(attributes('000000d000000080'))).toBe('accepted');
  });
});
