import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { withGasFigures } from '../../../src/docs/gasFigures';

const root = path.join(__dirname, '../../..');
const read = (...parts: string[]): string => readFileSync(path.join(root, ...parts), 'utf8');
const pagesIn = (folder: string): string[] =>
  readdirSync(path.join(root, folder))
    .filter((name) => name.endsWith('.md'))
    .map((name) => path.join(folder, name));

test('reader finds the gas of the committed snapshots on the arrows of docs/flows.md', () => {
  expect([...read('docs/flows.md').matchAll(/ gas \(/g)].length).toBeGreaterThan(30);
  const stale = 'Settle: 1 gas (escrow-plain.topUp)';
  const { topUp } = JSON.parse(read('tests/gas/escrow-plain.json')) as { topUp: number };
  expect(withGasFigures(stale)).toBe(`Settle: ${topUp.toLocaleString('en-US')} gas (escrow-plain.topUp)`);
  expect(() => withGasFigures('1 gas (escrow-plain.bottomUp)')).toThrow('no "bottomUp"');
});

test('operator finds every script in scripts/README.md, and no other', () => {
  const named = [...read('scripts/README.md').matchAll(/^\| `([a-z]\w+)` \|/gm)].map(([, name]) => name!);
  const existing = readdirSync(path.join(root, 'scripts')).filter((name) => name.endsWith('.ts'));
  expect(named.map((name) => `${name}.ts`).sort()).toEqual(existing.sort());
});

test('reader of SECURITY.md finds each test that it names', () => {
  const cited = [...read('SECURITY.md').matchAll(/"([^"]+)" \(`(tests\/[\w./-]+)`\)/g)];
  expect(cited.length).toBeGreaterThan(10);
  const missing = cited.filter(([, title, file]) => !read(file!).includes(title!));
  expect(missing.map(([text]) => text)).toEqual([]);
});

test.each([
  'README.md',
  'ARCHITECTURE.md',
  'SECURITY.md',
  ...pagesIn('docs'),
  ...pagesIn('docs/decisions'),
  'scripts/README.md',
  'examples/README.md',
])('%s links to files that exist', (page) => {
  const targets = [...read(page).matchAll(/\]\(([^)#\s]+)(#[^)]*)?\)/g)]
    .map(([, target]) => target!)
    .filter((target) => !/^[a-z]+:/.test(target));
  const broken = targets.filter((target) => !existsSync(path.join(root, path.dirname(page), target)));
  expect(broken).toEqual([]);
});
