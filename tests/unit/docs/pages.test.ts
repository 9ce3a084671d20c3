import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.join(__dirname, '../../..');
const read = (...parts: string[]): string => readFileSync(path.join(root, ...parts), 'utf8');
const pagesIn = (folder: string): string[] =>
  readdirSync(path.join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join(folder, name));

/** "13,983 gas (escrow-10.settleOne)" as [gas, file, field]. */
function gasFigures(page: string): [number, string, string][] {
  const found = page.matchAll(/([\d,]+) gas \(([a-z0-9-]+)\.(\w+)\)/g);
  return [...found].map(([, gas, file, field]) => [Number(gas!.replaceAll(',', '')), file!, field!]);
}

test('reader finds in docs/flows.md the gas of the committed snapshots', () => {
  const figures = gasFigures(read('docs/flows.md'));
  expect(figures.length).toBeGreaterThan(30);
  const committed = figures.map(([, file, field]) => {
    const table = JSON.parse(read('tests/gas', `${file}.json`)) as Record<string, number>;
    return [table[field], file, field];
  });
  expect(figures).toEqual(committed);
});

test('operator finds every script in scripts/README.md, and no other', () => {
  const named = [...read('scripts/README.md').matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name!);
  const existing = readdirSync(path.join(root, 'scripts')).filter((name) => name.endsWith('.ts'));
  expect(named.map((name) => `${name}.ts`).sort()).toEqual(existing.sort());
});

test('reader of SECURITY.md finds each test that it names', () => {
  const cited = [...read('SECURITY.md').matchAll(/"([^"]+)" \(`(tests\/[\w./-]+)`\)/g)];
  expect(cited.length).toBeGreaterThan(10);
  const missing = cited.filter(([, title, file]) => !read(file!).includes(title!));
  expect(missing.map(([text]) => text)).toEqual([]);
});

test.each(['ARCHITECTURE.md', 'SECURITY.md', ...pagesIn('docs'), ...pagesIn('docs/decisions'), 'scripts/README.md'])(
  '%s links to files that exist',
  (page) => {
    const targets = [...read(page).matchAll(/\]\(([^)#\s]+)(#[^)]*)?\)/g)]
      .map(([, target]) => target!)
      .filter((target) => !/^[a-z]+:/.test(target));
    const broken = targets.filter((target) => !existsSync(path.join(root, path.dirname(page), target)));
    expect(broken).toEqual([]);
  },
);
