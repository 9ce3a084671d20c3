import { createBook } from '../../../src/router/book';
import { ROUTER_LIMITS } from '../../../src/router/limits';
import { createLinkTable } from '../../../src/router/links';
import type { Link } from '../../../src/router/link';
import { createStandings } from '../../../src/router/standing';
import { orderBookSchema } from '../../../src/protocol/wire';
import { REGISTRY, createFakeClock } from './support/fakeChain';
import { createWorkerParty } from './support/parties';

function linkWith(freeSlots: () => number, seed: number): Link {
  const signed = createWorkerParty(seed).offer();
  return { key: String(seed), checked: { signed }, freeSlots, draining: () => false } as unknown as Link;
}

test('the book is rendered once per interval, and at once when a link comes or goes', () => {
  const links = createLinkTable();
  let ms = 0;
  const book = createBook(
    { networkId: -3, registry: REGISTRY, feeBps: 1, feeTo: Buffer.alloc(20), cacheMs: 1_000 },
    { links, standings: createStandings(ROUTER_LIMITS), clock: createFakeClock(), monotonicMs: () => ms },
  );
  let free = 5;
  const link = linkWith(() => free, 1);
  links.add(link);
  const read = () => orderBookSchema.parse(JSON.parse(book.render().toString())).entries;
  expect(read()[0]!.freeSlots).toBe(5);
  const rendered = book.render();

  free = 4;
  ms = 999;
  expect(book.render()).toBe(rendered);
  ms = 1_000;
  expect(read()[0]!.freeSlots).toBe(4);

  links.add(linkWith(() => 1, 2));
  expect(read()).toHaveLength(2);
  links.remove(link);
  expect(read()).toHaveLength(1);
});
