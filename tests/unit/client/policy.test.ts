import { nano } from '../../../src/protocol/amounts';
import type { Policy } from '../../../src/client';
import { CocoonError } from '../../../src/protocol/errors';
import type { Root } from '../../../src/protocol/root';
import { createNetwork, HELLO, type Network } from './network/setup';

async function outcome(
  policy: Partial<Policy>,
  prepare: (network: Network) => void = () => undefined,
): Promise<string> {
  const network = createNetwork({ config: { policy } });
  prepare(network);
  const result = await network.openai.chat.completions.create(HELLO).then(
    () => 'answered',
    (error: unknown) => (error as { code: string }).code,
  );
  expect(network.router.received).toHaveLength(result === 'answered' ? 1 : 0);
  await network.client.close();
  return result;
}

/** 16 x 2,000,000 for the answer, one per byte of the body and 128 for the template, all per 10^6. */
const MAX_FEE = 32n + BigInt(JSON.stringify(HELLO).length) + 128n;
const WORKER = '41'.repeat(32);

describe('the policy', () => {
  it.each<[string, Partial<Policy>, string]>([
    ['allows a prompt price of exactly its maximum', { maxPromptPrice: nano(1_000_000n) }, 'answered'],
    ['refuses a prompt price one above', { maxPromptPrice: nano(999_999n) }, 'price_above_max'],
    [
      'allows a completion price of exactly its maximum',
      { maxCompletionPrice: nano(2_000_000n) },
      'answered',
    ],
    ['refuses a completion price one above', { maxCompletionPrice: nano(1_999_999n) }, 'price_above_max'],
    ['allows a request of exactly its maximum', { maxFeeNano: nano(MAX_FEE) }, 'answered'],
    ['refuses a request one above', { maxFeeNano: nano(MAX_FEE - 1n) }, 'price_above_max'],
    ['allows a listed worker', { allowWorkers: [WORKER] }, 'answered'],
    ['refuses one that is not listed', { allowWorkers: ['42'.repeat(32)] }, 'no_attested_worker'],
    ['refuses a denied worker', { denyWorkers: [WORKER] }, 'no_attested_worker'],
    ['allows a router share of exactly its maximum', { maxRouterFeeBps: 100 }, 'answered'],
    ['refuses a router share above', { maxRouterFeeBps: 99 }, 'no_attested_worker'],
    [
      'refuses simulated hardware unless it is told otherwise',
      { allowSimulated: false },
      'no_attested_worker',
    ],
  ])('%s', async (_, policy, expected) => {
    expect(await outcome(policy)).toBe(expected);
  });

  const unknown = new CocoonError('chain_refused', 'The code there is no registry that this version knows.');
  const down = new CocoonError('chain_unavailable', 'No chain.');
  it.each<[string, boolean, Root | CocoonError, string]>([
    ["wants Intel's signatures where the registry does", false, 'intel', 'attestation_refused'],
    ['takes an unknown code for none', false, unknown, 'no_attested_worker'],
    ['does not guess while the code cannot be read', false, down, 'chain_unavailable'],
    ['does not guess either when simulated hardware is allowed', true, down, 'chain_unavailable'],
    ['takes an unknown code for none, whatever is allowed', true, unknown, 'no_attested_worker'],
    [
      "takes no simulated quote where the registry is under Intel's root",
      true,
      'intel',
      'attestation_refused',
    ],
  ])('%s', async (_, allowSimulated, root, expected) => {
    const prepare = ({ chain }: Network): void => {
      chain.registryRoot = () => (root instanceof CocoonError ? Promise.reject(root) : Promise.resolve(root));
    };
    expect(await outcome({ allowSimulated }, prepare)).toBe(expected);
  });

  it('knows an unknown model from one that nobody serves now', async () => {
    const { openai, client, clock, workers } = createNetwork();
    await openai.chat.completions.create(HELLO);
    const other = openai.chat.completions.create({ ...HELLO, model: 'huge' });
    await expect(other).rejects.toMatchObject({ status: 404, code: 'model_not_found' });
    workers[0]!.state.active = false;
    clock.advance(30);
    await expect(openai.chat.completions.create(HELLO)).rejects.toMatchObject({
      status: 503,
      code: 'no_attested_worker',
    });
    await client.close();
  });
});

describe('what stops every job', () => {
  it.each<[string, string, (network: Network) => void]>([
    [
      'an escrow that is not there',
      'escrow_unknown',
      ({ chain }) => (chain.escrow = () => Promise.resolve(null)),
    ],
    [
      'a signer that the escrow does not name',
      'escrow_unknown',
      ({ chain }) => chain.set({ signer: Buffer.alloc(32) }),
    ],
    ['an escrow that is not open', 'escrow_unknown', ({ chain }) => chain.set({ signer: null })],
    [
      'a domain that does not follow from the fields',
      'chain_unavailable',
      ({ chain }) => chain.set({ born: 78n }),
    ],
    [
      'an endpoint that fails',
      'chain_unavailable',
      ({ chain }) => (chain.escrow = () => Promise.reject(new Error('down'))),
    ],
    [
      'a router that fails',
      'router_unreachable',
      ({ router }) => void (router.book = { time: 'x' as unknown as number }),
    ],
  ])('%s: %s', async (_, code, prepare) => {
    expect(await outcome({}, prepare)).toBe(code);
  });

  it.each([
    [60, 'answered'],
    [61, 'chain_unavailable'],
  ])('a chain that is %i seconds away', async (seconds, expected) => {
    expect(
      await outcome({}, ({ chain, clock }) => {
        const read = chain.escrow;
        chain.escrow = async (address) => {
          const state = await read(address);
          return state && { ...state, readAtUnix: clock.now() - seconds };
        };
      }),
    ).toBe(expected);
  });
});
