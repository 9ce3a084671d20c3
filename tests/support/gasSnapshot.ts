import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** Gas by what was done. Committed beside the test, so that a change shows in the review. */
export type GasTable = Readonly<Record<string, number>>;

/** Compares with tests/gas/<name>.json; GAS_UPDATE=1 writes it anew. */
export function expectGas(name: string, measured: GasTable): void {
  const path = join(__dirname, '..', 'gas', `${name}.json`);
  if (process.env['GAS_UPDATE'] === '1') writeFileSync(path, `${JSON.stringify(measured, null, 2)}\n`);
  const committed: unknown = existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : {};
  expect(measured).toEqual(committed);
}
