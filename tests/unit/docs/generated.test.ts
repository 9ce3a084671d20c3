import { readFileSync } from 'node:fs';
import path from 'node:path';
import { generatedFiles } from '../../../src/docs/generated';
import { replaceSection, table } from '../../../src/docs/sections';

const root = path.join(__dirname, '../../..');

describe('generated files', () => {
  it.each(generatedFiles().map((file) => [file.path, file] as const))(
    '%s is what the code says; run `npx tsx src/docs/main.ts` after a change',
    (name, file) => {
      const current = readFileSync(path.join(root, name), 'utf8');
      expect(current).toBe(file.render(current));
    },
  );
});

describe('docs/protocol.md', () => {
  it('says of allocations what their code says', () => {
    const page = readFileSync(path.join(root, 'docs/protocol.md'), 'utf8');
    const code = readFileSync(path.join(root, 'src/protocol/allocate.ts'), 'utf8');
    const lines = [...code.matchAll(/allocate\S* [^;\n]* = Allocate(Entry)?/g)].map(([line]) => line);
    expect(lines).toHaveLength(4);
    for (const line of lines) expect(page).toContain(`${line}\n`);
  });
});

describe('generated section', () => {
  const page = 'before\n<!-- generated: a -->\nold\n<!-- end: a -->\nafter\n';

  it('is replaced between its markers and nowhere else', () => {
    const replaced = replaceSection(page, 'a', 'new');
    expect(replaced).toBe('before\n<!-- generated: a -->\n\nnew\n\n<!-- end: a -->\nafter\n');
    expect(replaceSection(replaced, 'a', 'new')).toBe(replaced);
  });

  it('that a page lacks is an error, so that no table is lost in silence', () => {
    expect(() => replaceSection(page, 'b', 'new')).toThrow('no section "b"');
    expect(() => replaceSection('<!-- end: a --><!-- generated: a -->', 'a', 'new')).toThrow(
      'no section "a"',
    );
  });

  it('table keeps its columns when a cell holds a bar', () => {
    expect(table(['x', 'long'], [['a|b', 'c']])).toBe('| x    | long |\n| ---- | ---- |\n| a\\|b | c    |');
  });
});
