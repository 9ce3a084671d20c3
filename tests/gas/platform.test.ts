import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as binding from '../../build/Registry/Registry_Platform';
import { ATTEST_KINDS, type AttestKind } from '../../src/attestation/onchain/kind';
import { parseQuote } from '../../src/attestation/quote';
import { createSimulatedHost } from '../../src/attestation/testing/host';
import { MINTED_AT, mintQuote } from '../../src/attestation/testing/mint';
import { sha256 } from '../../src/protocol/hash';
import type { Root } from '../../src/protocol/root';
import { MAX_PLATFORM_SLOTS, ppidHash } from '../../wrappers/Platform';
import { gasUsed } from '../support/chain';
import { expectGas, type GasTable } from '../support/gasSnapshot';
import * as P from '../support/platform';
import { slotTaken } from '../support/platformSlots';

/** What DESIGN promises of a genuine version 4 quote, in gas of the Platform's own transaction. */
const GOALS: Record<AttestKind, number> = { ca: 90_000, leaf: 72_000, pck: 42_000, key: 24_000 };
/** What the simulated root alone takes, once: it looks at which network it is deployed on. */
const NETWORK_CHECK = 112;
/** And of the message of kind `leaf`. */
const MESSAGE_GOAL = { cells: 18, bytes: 1_650 };

/** Each kind on a Platform that it is the first message of, or that remembers what it needs. */
async function gasOfKinds(quote: Buffer, root: Root): Promise<Record<string, number>> {
  const gas: Record<string, number> = {};
  for (const kind of ATTEST_KINDS) {
    const { body, ppidHash: machine } = P.message(quote, kind, root);
    const platform = await P.createPlatform(machine, { root });
    if (kind === 'pck' || kind === 'key') await P.sendTo(platform, P.attestBody(quote, 'leaf', root));
    const tx = await P.sendTo(platform, body);
    expect(P.outcome(tx)).toBe('accepted');
    gas[kind] = gasUsed(tx);
  }
  return gas;
}

const host = createSimulatedHost({ random: (length) => Buffer.alloc(length, 9), nowUnix: MINTED_AT });
const REPORT = Buffer.alloc(64, 1);

test('what a quote of each kind consumes', async () => {
  const v4 = await gasOfKinds(host.quote(REPORT), 'simulated');
  const td15 = await gasOfKinds(host.quote(REPORT, { form: 'v5-td15' }), 'simulated');
  const processor = mintQuote({ ca: 'processor' });
  const platform = await P.createPlatform(ppidHash(processor.machine.leaf.pck.ppid));
  const ofProcessor = gasUsed(await P.sendTo(platform, P.attestBody(processor.quote, 'ca')));
  const wide = mintQuote({ pck: { sgxSvns: new Array<number>(16).fill(255), pceSvn: 65_535 } });
  const wideMachine = await P.createPlatform(ppidHash(wide.machine.leaf.pck.ppid));
  const withWideSvns = gasUsed(await P.sendTo(wideMachine, P.attestBody(wide.quote, 'ca')));
  expectGas('platform', {
    ...v4,
    ...prefixed('td15', td15),
    'ca of the processor CA': ofProcessor,
    'ca with wide SVNs': withWideSvns,
  });
  for (const kind of ATTEST_KINDS) expect(v4[kind]).toBeLessThanOrEqual(GOALS[kind] + NETWORK_CHECK);
});

test('a message of kind leaf is as small as promised', () => {
  const { cells, bytes } = P.message(host.quote(REPORT), 'leaf');
  expect(cells).toBeLessThanOrEqual(MESSAGE_GOAL.cells);
  expect(bytes).toBeLessThanOrEqual(MESSAGE_GOAL.bytes);
});

test('a Platform with every place taken stays below the bounds that its least values are made of', async () => {
  const machine = ppidHash(host.ppid);
  const platform = await P.createPlatform(machine);
  const seeds = ['a', 'b', 'c', 'd', 'e'];
  const others = seeds.map((seed, n) =>
    createSimulatedHost({
      random: (length) => sha256(Buffer.from(seed)).subarray(0, length),
      nowUnix: MINTED_AT + n,
      ppid: host.ppid.toString('hex'),
    }),
  );
  for (const other of others.slice(0, 4)) await P.sendTo(platform, P.attestBody(other.quote(REPORT), 'leaf'));
  for (let n = 0; n < MAX_PLATFORM_SLOTS; n++) {
    const tx = await P.sendTo(platform, slotTaken(P.WORKER_INDEX + n, MINTED_AT + 100), { from: P.REGISTRY });
    expect(gasUsed(tx)).toBeLessThanOrEqual(Number(binding.GAS_PLATFORM_SLOT_TAKEN));
  }
  const attest = async (seed: number, kind: AttestKind): Promise<number> => {
    const tx = await P.sendTo(platform, P.attestBody(others[seed]!.quote(REPORT), kind));
    expect(P.outcome(tx)).toBe('accepted');
    const bound =
      Number(binding.GAS_PLATFORM_ATTEST) - ATTEST_KINDS.indexOf(kind) * Number(binding.GAS_PLATFORM_STEP);
    expect(gasUsed(tx)).toBeLessThanOrEqual(bound);
    return gasUsed(tx);
  };
  const measured: GasTable = {
    'ca that drives a key out': await attest(4, 'ca'),
    'pck of the oldest certificate': await attest(1, 'pck'),
    'key that is the oldest': await attest(2, 'key'),
  };
  platform.chain.now = MINTED_AT + 101;
  const replaced = await P.sendTo(platform, slotTaken(99, MINTED_AT + 200), { from: P.REGISTRY });
  const slot = gasUsed(replaced);
  expect(slot).toBeLessThanOrEqual(Number(binding.GAS_PLATFORM_SLOT_TAKEN));
  expectGas('platform-full', { ...measured, 'slot of another that ended': slot });
});

const GENUINE = process.env['COCOON_GENUINE_QUOTES'];

test('genuine quotes of version 4 are verified within the goals', async () => {
  if (!GENUINE) {
    process.stderr.write('skipped: COCOON_GENUINE_QUOTES names no folder of genuine quotes\n');
    return;
  }
  const eventLog = JSON.parse(readFileSync(join(GENUINE, 'v4-with-event-log.json'), 'utf8')) as {
    quote: string;
  };
  const quotes = {
    'intel-v4-bare-metal': readFileSync(join(GENUINE, 'intel-v4-bare-metal.quote')),
    'gcp-v4': readFileSync(join(GENUINE, 'gcp-v4.quote')),
    'v4-with-event-log': Buffer.from(eventLog.quote, 'hex'),
  };
  for (const [name, quote] of Object.entries(quotes)) {
    const gas = await gasOfKinds(quote, 'intel');
    const { cells, bytes } = P.message(quote, 'leaf', 'intel');
    process.stderr.write(`${name}: ${JSON.stringify(gas)}, leaf message ${cells} cells, ${bytes} bytes\n`);
    for (const kind of ATTEST_KINDS) expect(gas[kind]).toBeLessThanOrEqual(GOALS[kind]);
    expect({ cells, bytes }).toEqual({ cells: 16, bytes: expect.any(Number) });
    expect(bytes).toBeLessThanOrEqual(MESSAGE_GOAL.bytes);
  }
});

test('a genuine quote of a TD that a service TD may move cannot be brought', () => {
  if (!GENUINE) {
    process.stderr.write('skipped: COCOON_GENUINE_QUOTES names no folder of genuine quotes\n');
    return;
  }
  const quote = readFileSync(join(GENUINE, 'td15-v5-no-tcb-level.quote'));
  expect(parseQuote(quote).kind).toBe(6);
  expect(() => P.message(quote, 'leaf', 'intel')).toThrow('MRSERVICETD');
});

const prefixed = (prefix: string, gas: Record<string, number>): Record<string, number> =>
  Object.fromEntries(Object.entries(gas).map(([name, value]) => [`${prefix} ${name}`, value]));
