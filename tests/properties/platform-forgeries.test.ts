import { ATTEST_KINDS, type AttestKind } from '../../src/attestation/onchain/kind';
import { attestMessage } from '../../src/attestation/onchain/message';
import { parseQuote } from '../../src/attestation/quote';
import { keyFromSeed, type SigningKey } from '../../src/attestation/testing/keys';
import { mintQuote, type MintOverrides } from '../../src/attestation/testing/mint';
import { ppidHash } from '../../wrappers/Platform';
import { forcedAttest } from '../support/forcedAttest';
import * as F from '../support/forgeries';
import { ACCEPTED, createTargets, SUBMITTER, type Target } from '../support/platformTarget';

const INDEX = 3;
const LEAST_FORGERIES = 1_000;
const RANDOM_CHAINS = 100;

/** How often each name ended a forgery. */
const outcomes = new Map<string, number>();

let targets: Awaited<ReturnType<typeof createTargets>>;
/** The machine's Platform as it is deployed, and as it is when it has seen a quote. */
let fresh: Target;
let primed: Target;

beforeAll(async () => {
  targets = await createTargets();
  const { machine, atUnix } = mintQuote();
  fresh = await targets(ppidHash(machine.leaf.pck.ppid), atUnix);
  primed = await fresh.after(genuine('leaf').body);
});

afterAll(() => {
  const lines = [...outcomes].sort(([, a], [, b]) => b - a).map(([name, n]) => `${n} ${name}`);
  console.log(`${total()} forgeries, none accepted: ${lines.join(', ')}`);
});

const total = (): number => [...outcomes.values()].reduce((sum, n) => sum + n, 0);

/** What is remembered is only of use to these kinds. */
const targetOf = (kind: AttestKind): Target => (kind === 'pck' || kind === 'key' ? primed : fresh);

function genuine(kind: AttestKind, overrides: MintOverrides = {}): F.Genuine {
  const quote = parseQuote(mintQuote(overrides).quote);
  const { body } = attestMessage({ quote, root: 'simulated', kind, provider: SUBMITTER, index: INDEX });
  const changed = Object.keys(overrides).join(' and ');
  return { name: changed === '' ? kind : `${kind} of another ${changed}`, kind, body };
}

/** Sends it, and counts how it ended; throws on an exit code that has no name. */
async function outcomeOf(target: Target, { body }: F.Forgery): Promise<string> {
  const outcome = await target.send(body);
  outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
  return outcome;
}

async function expectNoneAccepted(target: Target, forgeries: Iterable<F.Forgery>): Promise<void> {
  const accepted: string[] = [];
  for (const forgery of forgeries) {
    if ((await outcomeOf(target, forgery)) === ACCEPTED) accepted.push(forgery.name);
  }
  expect(accepted).toEqual([]);
}

describe('a message that was accepted is refused', () => {
  /** Each cell's bits are flipped in the shortest message that has it: there its check comes first. */
  const covered = new Set<string>();
  const shortestFirst = [...ATTEST_KINDS].reverse();

  test.each(shortestFirst)('with any bit flipped, as %s', async (kind) => {
    const message = genuine(kind);
    expect(await targetOf(kind).send(message.body)).toBe(ACCEPTED);
    await expectNoneAccepted(targetOf(kind), F.flips(message, covered));
  });

  test.each(shortestFirst)('as any other kind or form, from %s', async (kind) => {
    await expectNoneAccepted(targetOf(kind), F.selectors(genuine(kind)));
  });

  test.each(shortestFirst)('with a cell moved, zeroed or filled, as %s', async (kind) => {
    await expectNoneAccepted(targetOf(kind), F.shifts(genuine(kind)));
  });

  test.each(shortestFirst)('with cells of another shape, as %s', async (kind) => {
    await expectNoneAccepted(targetOf(kind), F.misshapen(genuine(kind)));
  });

  test.each(shortestFirst)('with hints that lie, as %s', async (kind) => {
    await expectNoneAccepted(targetOf(kind), F.lyingHints(genuine(kind)));
  });

  /** Evidence of the same attestation key can stand for each other as a whole: of that, only pieces are exchanged. */
  const others: readonly [string, 'wholes' | 'pieces', MintOverrides][] = [
    ['machine', 'wholes', { seed: 'another machine' }],
    ['quote', 'wholes', { body: { rtmr2: Buffer.alloc(48, 7), reportData: Buffer.alloc(64, 7) } }],
    ['QE report', 'pieces', { qe: { isvSvn: 9 } }],
    ['certificate', 'pieces', { leaf: { notAfter: 2_000_000_000 } }],
    ['form', 'wholes', { form: 'v5-td15', body: { rtmr2: Buffer.alloc(48, 7) } }],
    ['CA', 'wholes', { seed: 'another machine', ca: 'processor' }],
  ];
  test.each(others)('with any part of another %s, %s', async (_, parts, overrides) => {
    const kinds: readonly AttestKind[] = overrides.ca === 'processor' ? ['ca'] : ['leaf', 'key'];
    for (const kind of kinds) {
      const [message, other] = [genuine(kind), genuine(kind, overrides)];
      await expectNoneAccepted(targetOf(kind), F.borrowed(message, other, parts === 'wholes'));
    }
  });
});

/** Quotes that would be right in every bit, if one of their keys were whose it says it is. */
function* chainsOfRandomKeys(): Generator<F.Forgery & { kind: AttestKind }> {
  for (let i = 0; i < RANDOM_CHAINS; i++) {
    const seed = `random keys ${i}`;
    const own: SigningKey = keyFromSeed(seed);
    const [what, kind, overrides]: [string, AttestKind, MintOverrides] = [
      ['root and CA', 'ca', { authority: F.ownAuthority(seed) }] as const,
      ['CA', 'leaf', { authority: F.ownAuthority(seed) }] as const,
      ['PCK', 'leaf', { qeKey: own }] as const,
      ['attestation key', i % 8 < 4 ? 'leaf' : 'key', { quoteKey: own }] as const,
    ][i % 4]! as [string, AttestKind, MintOverrides];
    const body = forcedAttest(mintQuote(overrides), kind, SUBMITTER, INDEX);
    yield { name: `${what} of ${seed}`, kind, body };
  }
}

test(`${RANDOM_CHAINS} honest chains under random keys of one's own are refused for the signature`, async () => {
  const otherwise: string[] = [];
  let sent = 0;
  for (const { kind, ...forgery } of chainsOfRandomKeys()) {
    const outcome = await outcomeOf(targetOf(kind), forgery);
    if (!outcome.endsWith(' signature')) otherwise.push(`${forgery.name}: ${outcome}`);
    sent++;
  }
  expect({ sent, otherwise }).toEqual({ sent: RANDOM_CHAINS, otherwise: [] });
});

test(`at least ${LEAST_FORGERIES} forgeries were sent`, () => {
  expect(total()).toBeGreaterThanOrEqual(LEAST_FORGERIES);
});
