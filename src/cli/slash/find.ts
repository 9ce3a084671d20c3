import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Address } from '@ton/core';
import { COIN_SYMBOL, formatCoins, nano } from '../../protocol/amounts';
import { CocoonError } from '../../protocol/errors';
import type { Receipt } from '../../protocol/signed';
import { readHeld, type HeldImages } from '../../settle/held';
import type { ReceiptSource } from '../../settle/sources';
import { createFinder, proofText, type Contradiction, type Finder } from '../../slash';
import { toJson } from '../connect';
import { labelled, paint, type Console } from '../console';

const NONE = 0;
const FOUND = 3;

interface Search {
  receipts: number;
  /** Not a receipt, or not signed by its line's key: nobody's proof. */
  invalid: number;
  found: { proof: string; contradiction: Contradiction }[];
}

/**
 * Compares everything that the sources hold, and writes a proof for each contradiction. Answers the exit code: 0 for none, 3.
 * Throws CocoonError when a source cannot be read to its end: then nothing can be said.
 */
export async function runFind(
  sources: readonly ReceiptSource[],
  { out, json }: { out: string; json: boolean },
  to: Console,
): Promise<number> {
  if (sources.length === 0)
    throw new CocoonError('invalid_request', 'There is nothing to search.', {
      remedy: 'Name a file, a --worker-url, or a --router with a --worker.',
    });
  const finder = createFinder();
  const search: Search = { receipts: 0, invalid: 0, found: [] };
  for (const source of sources)
    for await (const images of source.receipts()) take(images, source.name, finder, search, out);
  to.write(json ? `${toJson(searchJson(search, finder))}\n` : searchText(search, finder, to));
  return search.found.length === 0 ? NONE : FOUND;
}

function take(images: HeldImages, source: string, finder: Finder, search: Search, out: string): void {
  search.receipts += 1;
  const held = read(images);
  if (!held) return void (search.invalid += 1);
  const contradiction = finder.add(held, source);
  if (!contradiction) return;
  const { workerKey, first } = contradiction;
  const name = `slash-${workerKey.toString('hex', 0, 8)}-${first.value.lineId.toString('hex', 0, 6)}-${first.value.jobs}.json`;
  const proof = join(out, name);
  writeFileSync(proof, proofText(contradiction));
  search.found.push({ proof, contradiction });
}

function read(images: HeldImages): ReturnType<typeof readHeld> | null {
  try {
    return readHeld(images);
  } catch (error) {
    if (error instanceof CocoonError) return null;
    throw error;
  }
}

function searchJson({ receipts, invalid, found }: Search, finder: Finder): object {
  return {
    receipts,
    invalid,
    histories: finder.histories(),
    contradictions: found.map(({ proof, contradiction: { worker, workerKey, first, second, sources } }) => ({
      proof,
      worker: new Address(0, worker).toString(),
      worker_key: workerKey.toString('hex'),
      line_id: first.value.lineId.toString('hex'),
      jobs: first.value.jobs,
      totals_nano: [first.value.total, second.value.total],
      sources,
    })),
  };
}

function searchText({ receipts, invalid, found }: Search, finder: Finder, to: Console): string {
  const strays = invalid > 0 ? `, ${invalid} that are no receipts of their lines` : '';
  const head = `${receipts} receipts, ${finder.histories()} histories${strays}\n`;
  if (found.length === 0) return `${head}${paint(to, 'green', 'No two contradict each other.')}\n`;
  return head + found.map(({ proof, contradiction }) => contradictionText(proof, contradiction, to)).join('');
}

function contradictionText(proof: string, pair: Contradiction, to: Console): string {
  const { worker, workerKey, first, second, sources } = pair;
  const history = ({ total, jobsRoot }: Receipt, source: string): string =>
    `${formatCoins(nano(total))} ${COIN_SYMBOL}, jobs root ${jobsRoot.toString('hex', 0, 8)}..., from ${source}`;
  const rows: [string, string][] = [
    ['worker', new Address(0, worker).toString()],
    ['key', workerKey.toString('hex')],
    ['line', first.value.lineId.toString('hex')],
    ['one says', history(first.value, sources[0])],
    ['another', history(second.value, sources[1])],
    ['proof', proof],
  ];
  return `${paint(to, 'red', 'Contradiction')} about ${first.value.jobs} jobs:\n${labelled(rows)}\nFile it: cocoon slash file ${proof} --endpoint ... --registry ... --wallet-key ...\n`;
}
