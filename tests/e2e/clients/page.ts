import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { replaceSection, table } from '../../../src/docs/sections';
import { CLIENTS, REFUSED, WORKS, type Cell, type ClientId, type Feature } from './features';
import { CELLS } from './list';

const FILE = path.join(__dirname, '../../../docs/compatibility.md');
const SECTIONS: Record<string, Partial<Record<Feature, string>>> = {
  'what works': WORKS,
  'what is refused': REFUSED,
};

/** docs/compatibility.md as it is, and as the cells make it. */
export function readPage(): { current: string; wanted: string } {
  const current = readFileSync(FILE, 'utf8');
  const wanted = Object.entries(SECTIONS).reduce(
    (page, [name, features]) => replaceSection(page, name, tableOf(features)),
    current,
  );
  return { current, wanted };
}

export function writePage(): void {
  writeFileSync(FILE, readPage().wanted);
}

function tableOf(features: Partial<Record<Feature, string>>): string {
  const clients = Object.keys(CLIENTS) as ClientId[];
  const rows = (Object.entries(features) as [Feature, string][]).map(([feature, name]) => [
    name,
    ...clients.map((client) => shown(CELLS[client][feature])),
  ]);
  return table(['', ...Object.values(CLIENTS)], rows);
}

function shown(cell: Cell | undefined): string {
  if (!cell) return '';
  if (!cell.refusal) return 'works';
  const { status, code, param } = cell.refusal;
  return `${status} \`${code}\`${param === null ? '' : `: ${param}`}`;
}
