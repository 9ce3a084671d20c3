import { toJson } from '../connect';
import { COLUMNS, hang, paint, wrap, type Console } from '../console';
import type { Section } from './field';

/** Every section with its fields, the meaning under each value. */
export function printSections(sections: readonly Section[], to: Console): void {
  const width = Math.max(...sections.flatMap(({ fields }) => fields.map(({ name }) => name.length)));
  const indent = width + 4;
  for (const { title, fields } of sections) {
    to.write(`${paint(to, 'bold', title)}\n`);
    for (const { name, value, meaning } of fields) {
      const line = `${value}  ${meaning}`;
      const short = line.length <= COLUMNS - indent;
      to.write(`  ${name.padEnd(width)}  ${hang(value, indent)}`);
      to.write(short ? `  ${paint(to, 'dim', meaning)}\n` : `\n${below(meaning, indent, to)}`);
    }
    to.write('\n');
  }
}

/** For programs: names and values, grouped as on the page. */
export function sectionsJson(sections: readonly Section[]): string {
  return toJson(
    sections.map(({ title, fields }) => ({
      title,
      fields: fields.map(({ name, value, meaning }) => ({ name, value, meaning })),
    })),
  );
}

function below(meaning: string, indent: number, to: Console): string {
  return wrap(meaning, COLUMNS - indent)
    .map((line) => `${' '.repeat(indent)}${paint(to, 'dim', line)}\n`)
    .join('');
}
