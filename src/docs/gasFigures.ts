import { readFileSync } from 'node:fs';
import path from 'node:path';

const SNAPSHOTS = path.join(__dirname, '../../tests/gas');

/**
 * Puts the committed gas into a page: "13,983 gas (escrow-10.settleOne)" names a field of tests/gas/escrow-10.json.
 * Throws on a name that no snapshot has.
 */
export function withGasFigures(page: string): string {
  return page.replaceAll(/[\d,]+ gas \(([a-z0-9-]+)\.(\w+)\)/g, (_, file: string, field: string) => {
    return `${gasOf(file, field).toLocaleString('en-US')} gas (${file}.${field})`;
  });
}

function gasOf(file: string, field: string): number {
  const table = JSON.parse(readFileSync(path.join(SNAPSHOTS, `${file}.json`), 'utf8')) as Record<
    string,
    number
  >;
  const gas = table[field];
  if (gas === undefined) throw new Error(`tests/gas/${file}.json has no "${field}"`);
  return gas;
}
