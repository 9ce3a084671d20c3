import { hang, labelled, paint, type Console } from '../console';
import { toJson } from '../connect';
import type { Section } from './field';

/** One field in which two quotes differ; null where one of them has no such field. */
export interface Difference {
  section: string;
  name: string;
  a: string | null;
  b: string | null;
  means: string;
}

/** Field by field, in the order of the first quote's sections. */
export function differences(a: readonly Section[], b: readonly Section[]): Difference[] {
  return a.flatMap((section, i) => {
    const names = new Set([...section.fields, ...b[i]!.fields].map(({ name }) => name));
    return [...names].flatMap((name) => {
      const left = section.fields.find((one) => one.name === name);
      const right = b[i]!.fields.find((one) => one.name === name);
      if (left?.value === right?.value) return [];
      const means = (left ?? right)!.difference;
      return [{ section: section.title, name, a: left?.value ?? null, b: right?.value ?? null, means }];
    });
  });
}

/** 0 when the quotes say the same, 1 when they differ. */
export function printDifferences(found: readonly Difference[], json: boolean, to: Console): number {
  if (json) to.write(`${toJson({ same: found.length === 0, differences: found })}\n`);
  else to.write(found.length === 0 ? 'No field differs.\n' : text(found, to));
  return found.length === 0 ? 0 : 1;
}

function text(found: readonly Difference[], to: Console): string {
  let section = '';
  const blocks = found.map((difference) => {
    const title = difference.section === section ? '' : `\n${paint(to, 'bold', difference.section)}\n`;
    section = difference.section;
    const values = labelled(
      [
        ['a', difference.a ?? 'absent'],
        ['b', difference.b ?? 'absent'],
      ],
      4,
    );
    return `${title}  ${difference.name}: ${paint(to, 'yellow', hang(difference.means, difference.name.length + 4))}\n${values}\n`;
  });
  return `${blocks.join('').slice(1)}\n${found.length} fields differ.\n`;
}
