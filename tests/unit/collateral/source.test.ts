import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { mintCollateral } from '../../../src/attestation/testing/collateral';
import { createMachine } from '../../../src/attestation/testing/machine';
import { MINTED_AT } from '../../../src/attestation/testing/mint';
import { createRig, DAY, verifier, type Rig } from './rig';
import { startPccs } from './pccs';

const ALL = [
  '/tdx/certification/v4/tcb',
  '/tdx/certification/v4/qe/identity',
  '/sgx/certification/v4/pckcrl',
  '/sgx/certification/v4/rootcacrl',
];

let rig: Rig;
beforeEach(async () => {
  rig = await createRig();
});
afterEach(() => rig.close());

describe('collateral by network', () => {
  test.each(['platform', 'processor'] as const)(
    'a quote of the %s authority is accepted with what the service sends',
    async (ca) => {
      const own = await createRig(ca);
      const { prepared, collateral } = await own.source().forQuote(own.quote);
      expect(collateral).toEqual(own.host.collateral(MINTED_AT));
      const { verdict } = await verifier.verify({
        quote: own.quote,
        collateral: prepared,
        atUnix: MINTED_AT,
      });
      expect(verdict).toBe('accepted');
      expect(own.pccs.asked).toEqual(ALL);
      await own.close();
    },
  );

  test('a second quote of the family costs no request and no file', async () => {
    const source = rig.source();
    const first = await source.forQuote(rig.quote);
    expect(await source.forQuote(rig.quote)).toBe(first);
    expect(rig.pccs.asked).toEqual(ALL);
  });

  test('many quotes at once make one search', async () => {
    const source = rig.source();
    const found = await Promise.all([1, 2, 3].map(() => source.forQuote(rig.quote)));
    expect(new Set(found).size).toBe(1);
    expect(rig.pccs.asked).toEqual(ALL);
  });

  test('lists may come as DER or as hex, the address with or without its path', async () => {
    rig.pccs.twist('pckcrl', (reply) => ({ ...reply, body: (reply.body as Buffer).toString('hex') }));
    rig.pccs.twist('rootcacrl', (reply) => ({ ...reply, body: Buffer.from(reply.body as string, 'hex') }));
    const source = rig.source({ baseUrls: [`${rig.pccs.url}/sgx/certification/v4/`] });
    expect((await source.forQuote(rig.quote)).collateral).toEqual(rig.host.collateral(MINTED_AT));
  });

  test("the identity's chain is found under the header of the documentation too", async () => {
    rig.pccs.twist('identity', (reply) => ({
      ...reply,
      headers: { 'Enclave-Identity-Issuer-Chain': Object.values(reply.headers)[0]! },
    }));
    await expect(rig.source().forQuote(rig.quote)).resolves.toBeDefined();
  });

  test('a request that fails is made again, later and later, then the next server is asked', async () => {
    const second = await startPccs(rig.host.collateral(MINTED_AT));
    rig.pccs.twist('tcb', (reply) => ({ ...reply, status: 503 }));
    const source = rig.source({ baseUrls: [rig.pccs.url, second.url] });
    await expect(source.forQuote(rig.quote)).resolves.toBeDefined();
    expect(rig.pccs.asked).toEqual([ALL[0], ALL[0], ALL[0]]);
    expect(rig.waited).toEqual([500, 1000]);
    expect(second.asked).toEqual(ALL);
    await second.close();
  });
});

describe('what a service may not do', () => {
  const refused = async (path: string, twist: Parameters<Rig['pccs']['twist']>[1]) => {
    rig.pccs.twist(path, twist);
    return rig.source().forQuote(rig.quote);
  };

  test('a family that it does not know is refused at once', async () => {
    await expect(refused('tcb', (reply) => ({ ...reply, status: 404 }))).rejects.toMatchObject({
      code: 'collateral_refused',
      message: expect.stringContaining('status 404'),
    });
    expect(rig.waited).toEqual([]);
  });

  test('hanging up is an error that names the address', async () => {
    await expect(refused('identity', null)).rejects.toMatchObject({
      code: 'collateral_unreachable',
      message: expect.stringContaining('/qe/identity'),
    });
  });

  test('an answer that never ends is not read to its end', async () => {
    const endless = (reply: { body: string | Buffer }) => ({ body: Buffer.alloc(600_000, '{'), reply });
    await expect(refused('tcb', (reply) => ({ ...reply, body: endless(reply).body }))).rejects.toMatchObject({
      code: 'collateral_unreachable',
      message: expect.stringContaining('longer than 524288 bytes'),
    });
  });

  test.each([
    ['an answer that is no JSON', 'tcb', { body: 'hello' }, 'not {"tcbInfo"'],
    ['an answer without its chain', 'tcb', { headers: {} }, 'TCB-Info-Issuer-Chain is missing'],
    [
      'a chain that is not encoded',
      'tcb',
      { headers: { 'TCB-Info-Issuer-Chain': '%zz' } },
      'not URL-encoded',
    ],
    ['a list that is none', 'rootcacrl', { body: 'hello' }, 'no revocation list'],
    ['a list that is cut', 'rootcacrl', { body: '3082' }, 'rootcacrl'],
  ] as const)('%s is malformed', async (_, path, change, message) => {
    await expect(refused(path, (reply) => ({ ...reply, ...change }))).rejects.toMatchObject({
      code: 'collateral_malformed',
      message: expect.stringContaining(message),
    });
  });

  test('what Intel did not sign is refused by the name of the check, and not kept', async () => {
    const forged = (reply: { body: string | Buffer }) =>
      (reply.body as string).replace('"UpToDate"', '"OutOfDate"');
    await expect(refused('tcb', (reply) => ({ ...reply, body: forged(reply) }))).rejects.toMatchObject({
      code: 'collateral_unauthentic',
      message: expect.stringContaining('tcb-info-signature'),
    });
    expect(readdirSync(rig.folder)).toEqual([]);
  });

  test('what is out of date is refused', async () => {
    rig.clock.now = MINTED_AT + 40 * DAY;
    await expect(rig.source().forQuote(rig.quote)).rejects.toMatchObject({
      code: 'collateral_unauthentic',
      message: expect.stringContaining('date'),
    });
  });

  test('a good server behind a forging one is believed', async () => {
    const good = await startPccs(rig.host.collateral(MINTED_AT));
    rig.pccs.twist('tcb', (reply) => ({
      ...reply,
      body: (reply.body as string).replace('"UpToDate"', '"Revoked"'),
    }));
    await expect(
      rig.source({ baseUrls: [rig.pccs.url, good.url] }).forQuote(rig.quote),
    ).resolves.toBeDefined();
    await good.close();
  });

  test('a quote that is none names no platform, and an address that is none is no setting', async () => {
    await expect(rig.source().forQuote(Buffer.from('hello'))).rejects.toMatchObject({
      code: 'collateral_no_platform',
    });
    expect(() => rig.source({ baseUrls: ['ftp://pccs'] })).toThrow(
      expect.objectContaining({ code: 'collateral_config' }),
    );
    expect(() => rig.source({ baseUrls: [] })).toThrow(
      expect.objectContaining({ code: 'collateral_config' }),
    );
  });
});

describe('the cache', () => {
  test('a restart needs no network within a day, and asks again after it', async () => {
    await rig.source().forQuote(rig.quote);
    rig.clock.now += DAY - 1;
    await rig.source().forQuote(rig.quote);
    expect(rig.pccs.asked).toHaveLength(4);
    rig.clock.now += 1;
    await rig.source().forQuote(rig.quote);
    expect(rig.pccs.asked).toHaveLength(8);
  });

  test('while all servers are down, older answers serve until their dates end', async () => {
    const source = rig.source();
    await source.forQuote(rig.quote);
    await rig.pccs.close();
    rig.clock.now += 3 * DAY;
    await expect(source.forQuote(rig.quote)).resolves.toBeDefined();
    await expect(rig.source().forQuote(rig.quote)).resolves.toBeDefined();
    rig.clock.now += 40 * DAY;
    await expect(source.forQuote(rig.quote)).rejects.toMatchObject({ code: 'collateral_unauthentic' });
    await expect(rig.source().forQuote(rig.quote)).rejects.toMatchObject({ code: 'collateral_unauthentic' });
  });

  test.each([
    ['cut', (text: string) => text.slice(0, 100)],
    ['emptied', () => ''],
    ['of another form', () => '{"fetchedAt":1}'],
    ['changed in its signed text', (text: string) => text.replace('UpToDate', 'Revoked')],
    ['from the future', (text: string) => text.replace(/"fetchedAt":\d+/, '"fetchedAt":99999999999')],
  ])('a cached file that is %s is fetched again', async (_, damage) => {
    await rig.source().forQuote(rig.quote);
    const file = path.join(
      rig.folder,
      readdirSync(rig.folder).find((name) => name.startsWith('tcb-info'))!,
    );
    const before = readFileSync(file, 'utf8');
    writeFileSync(file, damage(before));
    await expect(rig.source().forQuote(rig.quote)).resolves.toBeDefined();
    expect(rig.pccs.asked.length).toBeGreaterThan(4);
    expect(readFileSync(file, 'utf8')).toBe(before);
  });

  test('drafts of a process that was killed are ignored', async () => {
    writeFileSync(path.join(rig.folder, 'root-crl.json.1-1.draft'), '{"fetched');
    await expect(rig.source().forQuote(rig.quote)).resolves.toBeDefined();
  });
});

describe('the archive', () => {
  const machine = createMachine({ seed: 'another day', ca: 'platform', nowUnix: MINTED_AT });
  const family = () => ({ fmspc: rig.host.fmspc.toString('hex'), ca: 'platform' as const });

  test('an old quote is verified as on its day, long after Intel forgot', async () => {
    const { hash } = await rig.source().forQuote(rig.quote);
    rig.clock.now += 20 * DAY;
    rig.pccs.serve(mintCollateral(machine, rig.clock.now));
    const later = await rig.source().forQuote(rig.quote);
    expect(later.hash).not.toBe(hash);
    await rig.pccs.close();

    const auditor = rig.source({ baseUrls: [], offline: true });
    const then = await auditor.fromArchive(family(), MINTED_AT);
    expect(then.hash).toBe(hash);
    expect((await auditor.fromArchive(family(), rig.clock.now)).hash).toBe(later.hash);
    expect(await auditor.byHash(hash)).toEqual(then.collateral);
    const { verdict } = await verifier.verify({
      quote: rig.quote,
      collateral: then.prepared,
      atUnix: MINTED_AT,
    });
    expect(verdict).toBe('accepted');
  });

  test('offline, a quote gets what is valid now, and an error by name where there is none', async () => {
    await rig.source().forQuote(rig.quote);
    const offline = rig.source({ baseUrls: [], offline: true });
    await expect(offline.forQuote(rig.quote)).resolves.toBeDefined();
    expect(rig.pccs.asked).toHaveLength(4);
    rig.clock.now += 40 * DAY;
    await expect(offline.forQuote(rig.quote)).rejects.toMatchObject({ code: 'collateral_not_archived' });
    await expect(offline.byHash('00'.repeat(32))).rejects.toMatchObject({ code: 'collateral_not_archived' });
    await expect(offline.byHash('../../etc/passwd')).rejects.toMatchObject({
      code: 'collateral_not_archived',
    });
  });

  test('an entry that was changed is found out by its hash', async () => {
    const { hash } = await rig.source().forQuote(rig.quote);
    const folder = path.join(rig.folder, 'archive');
    const file = path.join(folder, readdirSync(folder)[0]!);
    writeFileSync(file, readFileSync(file, 'utf8').replace('UpToDate', 'Revoked'));
    await expect(rig.source().byHash(hash)).rejects.toMatchObject({
      code: 'collateral_not_archived',
      message: expect.stringContaining('was changed'),
    });
  });
});
