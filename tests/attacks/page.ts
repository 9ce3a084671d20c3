import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { replaceSection, table } from '../../src/docs/sections';
import { ATTACKS, type Attack } from './list';

const FILE = path.join(__dirname, '../../docs/attacks.md');
const LIARS = ['router', 'worker'] as const;

/** docs/attacks.md as it is, and as the list makes it. */
export function readPage(): { current: string; wanted: string } {
  const current = readFileSync(FILE, 'utf8');
  const wanted = LIARS.reduce(
    (page, liar) => replaceSection(page, `lies of a ${liar}`, tableOf(liar)),
    current,
  );
  return { current, wanted };
}

export function writePage(): void {
  writeFileSync(FILE, readPage().wanted);
}

function tableOf(liar: Attack['liar']): string {
  const rows = ATTACKS.filter((attack) => attack.liar === liar).map((attack) => [
    `\`${attack.id}\``,
    attack.lie,
    endOf(attack),
  ]);
  return table(['attack', `a ${liar} that`, 'ends in'], rows);
}

/** The name of the refusal, and the link of the verification that broke. */
export function endOf({ refusal, link, because }: Attack): string {
  const named = refusal === 'no effect' ? refusal : `\`${refusal}\``;
  return link === undefined ? named : `${named}, ${link}: ${because}`;
}
