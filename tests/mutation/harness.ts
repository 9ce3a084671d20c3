import { createRequire } from 'node:module';
import { format } from 'node:util';

// Jest's words, for a process that stays: `describe`, `test` and the hooks collect what a suite says, and each test is then run
// alone. `expect` is Jest's own.

type Body = () => unknown;

interface Block {
  name: string;
  outer: Block | null;
  before: Body[];
  beforeEach: Body[];
  afterEach: Body[];
  after: Body[];
  /** The first call of `enter` makes it; the others wait for the same one. */
  entered?: Promise<void>;
}

/** One test of a suite, ready to be run by itself. */
export interface Test {
  name: string;
  run(): Promise<void>;
}

/** What a suite declares, and how to leave it when no more of its tests are run. */
export interface Suite {
  tests: readonly Test[];
  close(): Promise<void>;
}

let current: Block | null = null;
let collected: { block: Block; name: string; body: Body }[] = [];
let blocks: Block[] = [];

/** Puts Jest's words into the global scope of this process. */
export function installWords(): void {
  const fromJest = createRequire(require.resolve('@types/jest/package.json'));
  Object.assign(globalThis, { expect: (fromJest('expect') as { expect: unknown }).expect, ...words });
}

const hook = (kind: 'before' | 'beforeEach' | 'afterEach' | 'after') => (body: Body) => {
  current![kind].push(body);
};
const test = withEach((name, body) => {
  collected.push({ block: current!, name, body });
});

/** What a suite says, but for `expect`. */
export const words = {
  ...{ describe: withEach(inBlock), test, it: test },
  ...{ beforeAll: hook('before'), beforeEach: hook('beforeEach') },
  ...{ afterEach: hook('afterEach'), afterAll: hook('after') },
};

/** The tests that `load` declares, in their order. Throws what it throws. */
export function collect(load: () => void): Suite {
  [collected, blocks] = [[], []];
  inBlock('', load);
  const own = blocks;
  return {
    tests: collected.map(({ block, name, body }) => ({
      name: [...namesOf(block), name].join(' > '),
      run: () => runIn(block, body),
    })),
    close: () => leave(own),
  };
}

function inBlock(name: string, body: Body): void {
  const outer = current;
  current = { name, outer, before: [], beforeEach: [], afterEach: [], after: [] };
  blocks.push(current);
  try {
    body();
  } finally {
    current = outer;
  }
}

function withEach(declare: (name: string, body: Body) => void) {
  const each = (rows: readonly unknown[]) => (name: string, body: (...args: unknown[]) => unknown) => {
    for (const row of rows) {
      const args: unknown[] = Array.isArray(row) ? row : [row];
      declare(nameOf(name, args), () => body(...args));
    }
  };
  return Object.assign(declare, { each });
}

/** `%s` takes the next value, `$field` one of an object. */
function nameOf(template: string, args: readonly unknown[]): string {
  const fields = args[0] as Readonly<Record<string, unknown>>;
  const named = template.replace(/\$(\w+)/g, (text, field: string) => format(fields?.[field] ?? text));
  const wanted = template.match(/%[a-z]/g)?.length ?? 0;
  return format(named, ...args.slice(0, wanted));
}

/** A block and those around it, the outermost first. */
function chain(block: Block | null): Block[] {
  return block === null ? [] : [...chain(block.outer), block];
}

const namesOf = (block: Block): string[] => chain(block).flatMap(({ name }) => (name === '' ? [] : [name]));

async function runIn(block: Block, body: Body): Promise<void> {
  const around = chain(block);
  for (const each of around) await (each.entered ??= inOrder(each.before));
  try {
    for (const each of around) await inOrder(each.beforeEach);
    await body();
  } finally {
    for (const each of around.toReversed()) await inOrder(each.afterEach);
  }
}

async function leave(entered: readonly Block[]): Promise<void> {
  for (const each of entered.toReversed()) if (each.entered !== undefined) await inOrder(each.after);
}

async function inOrder(bodies: readonly Body[]): Promise<void> {
  for (const body of bodies) await body();
}
