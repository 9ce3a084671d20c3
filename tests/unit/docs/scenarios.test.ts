import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.join(__dirname, '../../..');
const page = readFileSync(path.join(root, 'tests/scenarios/README.md'), 'utf8');
const sections = page.split(/^## /m).slice(1);
const cited = [...page.matchAll(/^- `([^`]+)`: "(.+)"$/gm)].map(
  ([, file, title]) => [file!, title!] as const,
);

test('reader finds all thirteen scenarios and the five faults, each with its tests', () => {
  const numbers = sections.map((section) => /^\d+ /.exec(section)?.[0].trim() ?? 'faults');
  expect(numbers).toEqual([...Array.from({ length: 13 }, (_, n) => String(n + 1)), 'faults']);
  for (const section of sections) expect(section).toMatch(/^- `tests\/scenarios\//m);
  expect(cited.filter(([file]) => file.includes('custodian-faults'))).toHaveLength(5);
});

test('reader finds every file of the scenarios on the page', () => {
  const files = readdirSync(path.join(root, 'tests/scenarios')).filter((name) => name.endsWith('.test.ts'));
  const named = new Set(cited.map(([file]) => path.basename(file)));
  expect(files.filter((name) => !named.has(name))).toEqual([]);
});

test.each(cited)('%s has the test "%s"', (file, title) => {
  const source = readFileSync(path.join(root, file), 'utf8').replaceAll("\\'", "'");
  expect(source).toContain(title);
});
