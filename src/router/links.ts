import type { Link } from './link';

/** All accepted links, one per worker key. */
export interface LinkTable {
  get(workerKey: Buffer): Link | undefined;
  /** The newest link of a key wins; the one before it finishes its jobs and goes. */
  add(link: Link): void;
  remove(link: Link): void;
  values(): IterableIterator<Link>;
  readonly size: number;
  /** Grows with every link that comes or goes, so that whoever renders the table knows when to render again. */
  readonly revision: number;
}

export function createLinkTable(): LinkTable {
  const links = new Map<string, Link>();
  let revision = 0;
  return {
    get: (workerKey) => links.get(workerKey.toString('hex')),
    add(link) {
      const before = links.get(link.key);
      links.set(link.key, link);
      revision += 1;
      before?.retire();
    },
    remove(link) {
      if (links.get(link.key) !== link) return;
      links.delete(link.key);
      revision += 1;
    },
    values: () => links.values(),
    get size() {
      return links.size;
    },
    get revision() {
      return revision;
    },
  };
}
