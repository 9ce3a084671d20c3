/** Replaces what stands between the markers of a section; throws when the page has no such section. */
export function replaceSection(page: string, name: string, body: string): string {
  const begin = `<!-- generated: ${name} -->`;
  const end = `<!-- end: ${name} -->`;
  const from = page.indexOf(begin);
  const to = page.indexOf(end);
  if (from < 0 || to < from) throw new Error(`no section "${name}" between "${begin}" and "${end}"`);
  return `${page.slice(0, from + begin.length)}\n\n${body.trim()}\n\n${page.slice(to)}`;
}

/** A Markdown table, padded as Prettier pads it, so that both agree. */
export function table(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const cells = [header, ...rows].map((row) => row.map((cell) => cell.replaceAll('|', '\\|')));
  const widths = header.map((_, column) => Math.max(3, ...cells.map((row) => row[column]!.length)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`;
  const [head, ...rest] = cells;
  return [line(head!), line(widths.map((width) => '-'.repeat(width))), ...rest.map(line)].join('\n');
}
