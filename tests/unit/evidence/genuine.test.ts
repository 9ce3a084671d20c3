import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { nodeCrypto } from '../../../src/attestation/crypto/node';
import { verifyBundle, withoutPadding } from '../../../src/evidence';
import { makeEvidence } from '../../support/evidence';

const folder = process.env['COCOON_GENUINE_QUOTES'];
if (!folder) console.warn('skipped: COCOON_GENUINE_QUOTES names no folder of genuine quotes');
const withGenuine = folder ? it : it.skip;
const AT = Date.parse('2025-06-25T00:00:00Z') / 1_000;
const HARDWARE = ['quote', 'processor', 'collateral', 'enclave', 'tcb', 'td', 'root'];

/** A bundle around a quote of real hardware, which binds nobody's statement. */
async function around(name: string) {
  const quote = withoutPadding(readFileSync(join(folder!, `${name}.quote`)));
  const collateral = JSON.parse(readFileSync(join(folder!, `${name}.collateral.json`), 'utf8')) as Record<
    string,
    string
  >;
  const bundle = await makeEvidence();
  const hex = (key: string): string => collateral[key]!.toLowerCase();
  const own = Object.keys(bundle.collateral).map((key) => [
    key,
    /crl$|signature$/.test(key) ? hex(key) : collateral[key],
  ]);
  return {
    ...bundle,
    network: { ...bundle.network, root: 'intel' },
    quote: quote.toString('base64'),
    collateral: Object.fromEntries(own) as object,
  };
}

const failedOf = async (bundle: object): Promise<string[]> => {
  const { links } = await verifyBundle(bundle, { crypto: nodeCrypto, atUnix: AT });
  return links.filter(({ state }) => state === 'failed').map(({ name }) => name);
};

withGenuine(
  "a genuine quote passes every link of hardware under Intel's root, and binds no other's statement",
  async () => {
    const failed = await failedOf(await around('intel-v4-bare-metal'));
    expect(failed.filter((name) => HARDWARE.includes(name))).toEqual([]);
    expect(failed).toEqual(expect.arrayContaining(['report-data', 'image']));
  },
);

withGenuine('a genuine quote of a machine that is out of date fails at its TCB', async () => {
  const failed = await failedOf(await around('gcp-v4'));
  expect(failed.filter((name) => HARDWARE.includes(name))).toEqual(['tcb']);
});

withGenuine('a genuine quote does not end at the simulated root', async () => {
  const bundle = await around('intel-v4-bare-metal');
  const failed = await failedOf({ ...bundle, network: { ...bundle.network, root: 'simulated' } });
  expect(failed).toEqual(expect.arrayContaining(['processor', 'collateral', 'root']));
});
