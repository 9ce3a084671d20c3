import { nodeCrypto } from '../../attestation/crypto/node';
import { createQuoteVerifier, type Policy, type QuoteVerifier, type Verdict } from '../../attestation/index';
import { createSimulatedQuoteVerifier } from '../../attestation/simulated';
import { isoText } from '../../attestation/time';
import type { Root } from '../../protocol/root';
import { toJson } from '../connect';
import { hang, paint, wrap, type Console } from '../console';

export interface VerifyOptions {
  quote: Uint8Array;
  collateral: unknown;
  atUnix: number;
  root: Root;
  policy: Partial<Policy>;
  json: boolean;
}

/** Exit codes: 0 accepted, 3 refused. */
const ACCEPTED = 0;
const REFUSED = 3;

/** The root of a verifier cannot be chosen later. */
export function verifierFor(root: Root): QuoteVerifier {
  return (root === 'simulated' ? createSimulatedQuoteVerifier : createQuoteVerifier)(nodeCrypto);
}

/** Verifies and prints every check that was made. Throws AttestationError for a policy that is none. */
export async function runVerify(options: VerifyOptions, to: Console): Promise<number> {
  const { quote, collateral, atUnix, root, policy } = options;
  const verdict = await verifierFor(root).verify({ quote, collateral, atUnix, policy });
  if (options.json) to.write(`${toJson(verdictJson(verdict, options))}\n`);
  else printVerdict(verdict, options, to);
  return verdict.verdict === 'accepted' ? ACCEPTED : REFUSED;
}

function verdictJson(verdict: Verdict, { root, atUnix }: VerifyOptions): object {
  return {
    verdict: verdict.verdict,
    refusal: verdict.refusal,
    tcb_status: verdict.tcbStatus,
    advisories: verdict.advisories,
    image_id: verdict.imageId,
    shape: verdict.shape,
    fmspc: verdict.fmspc,
    ppid: verdict.ppid,
    report_data: verdict.reportData,
    root,
    at: isoText(atUnix),
    checks: verdict.checks,
  };
}

function printVerdict(verdict: Verdict, { root, atUnix }: VerifyOptions, to: Console): void {
  const where = root === 'simulated' ? 'the SIMULATED root, which vouches for nothing' : "Intel's root";
  to.write(`Under ${where}, at ${isoText(atUnix)}\n\n`);
  to.write(paint(to, 'bold', row(['', 'check', 'expected', 'seen'])));
  for (const { name, ok, expected, seen } of verdict.checks) {
    const text = row([ok ? 'ok' : 'FAILED', name, expected, seen]);
    to.write(
      ok ? paint(to, 'green', text.slice(0, WIDTHS[0])) + text.slice(WIDTHS[0]) : paint(to, 'red', text),
    );
  }
  to.write(`\n${conclusion(verdict, to)}`);
}

/** State, name, expected, seen: with two spaces between them, 100 columns. */
const WIDTHS = [6, 23, 32, 33] as const;

function row(cells: readonly [string, string, string, string]): string {
  const wrapped = cells.map((cell, i) => wrap(cell, WIDTHS[i]!));
  const height = Math.max(...wrapped.map(({ length }) => length));
  const lines = Array.from({ length: height }, (_, at) =>
    wrapped
      .map((cell, i) => (cell[at] ?? '').padEnd(WIDTHS[i]!))
      .join('  ')
      .trimEnd(),
  );
  return `${lines.join('\n')}\n`;
}

function conclusion(verdict: Verdict, to: Console): string {
  const failed = verdict.checks.filter(({ ok }) => !ok).length;
  const head =
    verdict.refusal === null
      ? paint(to, 'green', 'ACCEPTED')
      : `${paint(to, 'red', 'REFUSED')}: ${verdict.refusal}${failed > 1 ? `, and ${failed - 1} more` : ''}`;
  const facts: [string, string | null][] = [
    ['TCB status', verdict.tcbStatus],
    ['advisories', verdict.advisories.join(', ') || 'none'],
    ['image id', verdict.imageId],
    ['shape', verdict.shape],
    ['family', verdict.fmspc],
    ['machine', verdict.ppid],
  ];
  const lines = facts.map(([label, value]) => `  ${label.padEnd(10)}  ${hang(value ?? 'unknown', 14)}`);
  return `${head}\n${lines.join('\n')}\n`;
}
