import { writeFileSync } from 'node:fs';
import type { Address } from '@ton/core';
import { dryRun, type DryRun, type DryRunInput } from '../../attestation/onchain/dryRun';
import { isoText } from '../../attestation/time';
import { toJson } from '../connect';
import { labelled, paint, type Console } from '../console';

export interface HintsOptions {
  input: DryRunInput;
  provider: Address;
  index: number;
  /** Where the message's body goes, as a bag of cells; null for nowhere. */
  out: string | null;
  json: boolean;
}

const BUILT = 0;
const REFUSED = 3;

/** Makes the message for the Platform, and says beforehand what the chain would answer. Exit codes: 0, or 3 for a refusal. */
export async function runHints(options: HintsOptions, to: Console): Promise<number> {
  const { input, provider, index, out, json } = options;
  const outcome = await dryRun(input, { provider, index });
  if (outcome.ok && out !== null) writeFileSync(out, outcome.message.body.toBoc());
  if (json) to.write(`${toJson(hintsJson(outcome, input))}\n`);
  else
    to.write(outcome.ok ? messageText(outcome, options, to) : `${refusalText(outcome.refusal, input, to)}\n`);
  return outcome.ok ? BUILT : REFUSED;
}

function hintsJson(outcome: DryRun, input: DryRunInput): object {
  const looked = lookedAt(input);
  if (!outcome.ok) return { ok: false, kind: input.kind, ...outcome.refusal, looked_at: looked };
  const { kind, cells, bytes, ppidHash, body } = outcome.message;
  return {
    ok: true,
    kind,
    cells,
    bytes,
    gas_at_most: outcome.gasAtMost,
    ppid_hash: ppidHash.toString('hex'),
    looked_at: looked,
    body: body.toBoc().toString('base64'),
  };
}

type Accepted = Extract<DryRun, { ok: true }>;

function messageText(
  { message: { kind, cells, bytes, ppidHash }, gasAtMost }: Accepted,
  { input, out }: HintsOptions,
  to: Console,
): string {
  const rows: [string, string][] = [
    ['kind', `${kind}: ${KINDS[kind]}`],
    ['size', `${bytes} bytes in ${cells} cells`],
    ['gas', `at most ${gasAtMost.toLocaleString('en-US')} in the Platform; Registry and Worker take theirs`],
    ['machine', ppidHash.toString('hex')],
    ['looked at', `${lookedAt(input).join(', ')}, at ${isoText(input.nowUnix)}`],
    ['written to', out ?? 'nowhere: name a file with --out'],
  ];
  return `${paint(to, 'green', 'The chain would accept this quote')}, as far as was looked.\n${labelled(rows)}\n`;
}

const KINDS: Record<DryRunInput['kind'], string> = {
  ca: "the authority's certificate comes along, four signatures",
  leaf: "the processor's certificate comes along, three signatures",
  pck: "the processor's certificate is remembered, two signatures",
  key: 'the attestation key is remembered, one signature',
};

/** One sentence that names the check, for people who then look it up. */
export function refusalText(
  { at, error, why }: Extract<DryRun, { ok: false }>['refusal'],
  input: DryRunInput,
  to: Console,
): string {
  const where =
    at === 'building' ? 'No message can be made' : `The ${at[0]!.toUpperCase()}${at.slice(1)} would refuse`;
  const rows: [string, string][] = [
    ['check', error],
    ['because', why],
    ['looked at', `${lookedAt(input).join(', ')}, at ${isoText(input.nowUnix)}`],
  ];
  return `${paint(to, 'red', where)}. Nothing was sent.\n${labelled(rows)}`;
}

function lookedAt({ registry, worker }: DryRunInput): string[] {
  return ['platform', ...(registry ? ['registry'] : []), ...(worker ? ['worker'] : [])];
}
