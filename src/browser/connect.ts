import { createAgreeingChain } from '../chain/agreement';
import { createChain, type ConnectedChain } from '../chain/chain';
import { blockTimeSource, createChainClock, devnetTimeSource, type ChainClock } from '../chain/clock';
import type { Chain } from '../chain/types';
import { createClientOver } from '../client/client';
import { settingsOf } from '../client/config';
import type { Client, ClientDeps } from '../client/types';
import { requireVouched } from '../client/vouched';
import { memoryBooks, openBooks, type Books } from './books';
import { readSettings, type BrowserClientConfig, type BrowserSettings } from './config';
import { answersAfter, fetchAfter } from './gate';
import { PLATFORM, type Platform } from './platform';
import { readSigner } from './signer';

/** What a page may put in the place of its surroundings. */
export interface BrowserDeps extends Pick<ClientDeps, 'onFault'> {
  fetch?: typeof globalThis.fetch;
  platform?: Platform;
}

type Endpoint = BrowserSettings['chain']['witnesses'][number];

const MEMORY = 'memory';

/**
 * The client of src/client in a web page: the same code, books in IndexedDB or in memory instead of a file. Throws
 * CocoonError `invalid_request`, `books_in_use`, `books_unwritable`, `chain_unavailable`. `close` lets the next page have
 * the books; a page that goes away does so by itself.
 */
export async function createBrowserClient(
  { signer, ...config }: BrowserClientConfig,
  { onFault, fetch = globalThis.fetch, platform = PLATFORM }: BrowserDeps = {},
): Promise<Client> {
  const settings = readSettings(config);
  const signing = await readSigner(signer);
  const books =
    settings.books === MEMORY ? memoryBooks() : await openBooks(platform, settings.books, Date.now() / 1_000);
  try {
    const out = fetchAfter(books.written, (...args) => fetch(...args));
    const { chain, clock } = await connectChain(settings, out);
    const client = createClientOver(
      () => books.store,
      { ...settingsOf(settings), signer: signing },
      { chain, clock, fetch: out, pruner: null, ...(onFault && { onFault }) },
    );
    return inPage(client, books, clock);
  } catch (error) {
    await books.close();
    throw error;
  }
}

async function connectChain(
  { chain: to, policy }: BrowserSettings,
  fetch: typeof globalThis.fetch,
): Promise<{ chain: Chain; clock: ChainClock }> {
  const { devnet, registry, networkId, witnesses } = to;
  const open = ({ endpoint, apiKey }: Endpoint): Promise<ConnectedChain> =>
    createChain(
      {
        ...{ endpoint, registry },
        ...(apiKey === undefined ? {} : { apiKey }),
        ...(networkId === undefined ? {} : { networkId }),
      },
      { fetch },
    );
  const [own, ...others] = await Promise.all([to, ...witnesses].map(open));
  const chain = others.length === 0 ? own! : createAgreeingChain(own!, others);
  requireVouched({ chain: to, policy }, await chain.registryRoot());
  const clock = await createChainClock(
    devnet === undefined
      ? { source: blockTimeSource(chain), follow: 'system' }
      : { source: devnetTimeSource(devnet, fetch), follow: 'chain' },
  );
  return { chain, clock };
}

function inPage(client: Client, books: Books, clock: ChainClock): Client {
  return {
    ...client,
    fetch: answersAfter(books.written, client.fetch),
    fetchAs: (caller) => answersAfter(books.written, client.fetchAs(caller)),
    async close() {
      await client.close();
      clock.stop();
      await books.close();
    },
  };
}
