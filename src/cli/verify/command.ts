import { InvalidArgumentError, type Command } from 'commander';
import { nodeCrypto } from '../../attestation/crypto/node';
import { verifyBundle, type Verification } from '../../evidence';
import { EVIDENCE_LIMITS } from '../../evidence/limits';
import { readBounded, readJsonFile } from '../attest/files';
import { parseTime } from '../attest/flags';
import { toJson } from '../connect';
import { standardOutput, type Console } from '../console';
import { verifyOnChains } from './chains';
import { VERIFY_LIMITS } from './limits';
import { checklistText, verificationJson } from './text';

interface VerifyFlags {
  chain: string[];
  at?: number;
  policy?: string;
  json: boolean;
}

const VERIFIED = 0;
const FAILED = 3;

/** `cocoon verify`: one answer's evidence, link by link. */
export function addVerifyCommand(cocoon: Command): void {
  cocoon
    .command('verify')
    .description(
      'verify the evidence of an answer, link by link; exit code 0 every link holds, 3 one does not, 5 a chain does not answer',
    )
    .argument('<bundle>', 'file of evidence, for example demo-out/evidence.json; - for standard input')
    .option(
      '--chain <url>',
      'toncenter-compatible JSON-RPC: checks list, admission, line and settlement too; several must agree',
      collectUrl,
      [],
    )
    .option(
      '--at <time>',
      'judge dates at now, or at a time such as 2025-06-25T12:00:00Z; else when the ticket was issued',
      parseMoment,
    )
    .option('--policy <file>', 'JSON, docs/audit.md lists its settings')
    .option('--json', 'one JSON object instead of the checklist', false)
    .action(async (file: string, flags: VerifyFlags) => {
      const text = readBounded(file, EVIDENCE_LIMITS.bundleMaxBytes).toString('utf8');
      process.exitCode = await runVerifyEvidence(text, flags, standardOutput());
    });
}

/** Verifies and prints. Throws CocoonError `chain_unavailable`, AttestationError `policy_malformed`. */
export async function runVerifyEvidence(text: string, flags: VerifyFlags, to: Console): Promise<number> {
  const { chain, at, policy, json } = flags;
  const options = {
    crypto: nodeCrypto,
    policy: policyOf(policy),
    ...(at === undefined ? {} : { atUnix: at }),
  };
  const found: Verification =
    chain.length === 0 ? await verifyBundle(text, options) : await verifyOnChains(text, chain, options);
  to.write(json ? `${toJson(verificationJson(found))}\n` : checklistText(found, to));
  return found.ok ? VERIFIED : FAILED;
}

/** People see that hardware is simulated, in capitals; whoever wants it refused says so in the file. */
function policyOf(file: string | undefined): unknown {
  const simulated = { allowSimulated: true };
  if (file === undefined) return simulated;
  const stated = readJsonFile(file, VERIFY_LIMITS.policyFileBytes);
  const isObject = typeof stated === 'object' && stated !== null && !Array.isArray(stated);
  return isObject ? { ...simulated, ...stated } : stated;
}

function collectUrl(value: string, before: string[]): string[] {
  if (before.length >= VERIFY_LIMITS.endpoints)
    throw new InvalidArgumentError(`at most ${VERIFY_LIMITS.endpoints} chains are asked.`);
  const url = URL.canParse(value) ? new URL(value) : null;
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:')
    throw new InvalidArgumentError('an address such as https://toncenter.com/api/v2/jsonRPC is needed.');
  // A host alone serves it where toncenter does.
  if (url.pathname === '/') url.pathname = '/api/v2/jsonRPC';
  return [...before, url.href];
}

function parseMoment(text: string): number {
  return text === 'now' ? Math.floor(Date.now() / 1_000) : parseTime(text);
}
