import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

const root = path.join(__dirname, '../../..');
const page = readFileSync(path.join(root, 'docs/invariants.md'), 'utf8');
const sections = page.split(/^## /m).slice(1);

const testFiles = readdirSync(path.join(root, 'tests'), { recursive: true, encoding: 'utf8' })
  .filter((file) => file.endsWith('.test.ts'))
  .map((file) => `tests/${file}`);

interface Citation {
  file: string;
  title: string;
}

function citations(section: string): Citation[] {
  return [...section.matchAll(/^- `([^`]+)`: "(.+)"$/gm)].map(([, file, title]) => ({
    file: file!,
    title: title!,
  }));
}

test('every invariant is there, says how it is enforced, and is tested', () => {
  expect(sections.map((section) => /^I-\d+/.exec(section)?.[0])).toEqual(
    Array.from({ length: 13 }, (_, n) => `I-${n + 1}`),
  );
  for (const section of sections) {
    expect(section).toMatch(/^Enforced/m);
    expect(citations(section).length).toBeGreaterThan(0);
  }
});

test('every invariant has one command that shows it, of tests that exist', () => {
  for (const section of sections) {
    const commands = [...section.matchAll(/^Show it: `npx jest ([^`]+)`$/gm)].map(([, files]) => files!);
    expect(commands).toHaveLength(1);
    const missing = commands[0]!
      .split(' ')
      .filter((pattern) => !testFiles.some((file) => file.includes(pattern)));
    expect(missing).toEqual([]);
  }
});

test.each(citations(page).map((citation) => [`${citation.file}: ${citation.title}`, citation] as const))(
  '%s exists',
  (_name, { file, title }) => {
    // Titles may stand in the source with an escaped apostrophe.
    const source = readFileSync(path.join(root, file), 'utf8').replaceAll("\\'", "'");
    expect(source).toContain(title);
  },
);
