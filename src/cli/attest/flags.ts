import { InvalidArgumentError, Option, type Command } from 'commander';
import type { Policy } from '../../attestation/index';
import type { Root } from '../../protocol/root';
import { ATTEST_LIMITS } from './limits';
import { readJsonFile } from './files';

const ROOTS: readonly Root[] = ['intel', 'simulated'];

/** What a policy can say on the command line; a file says the rest. */
export interface PolicyFlags {
  policy?: string;
  tolerateStatus: string[];
  tolerateAdvisory: string[];
  imageId?: string;
  reportData?: string;
}

export function withRootFlag(command: Command): Command {
  return command.addOption(
    new Option('--root <name>', 'the root of trust; the simulated one vouches for nothing')
      .choices([...ROOTS])
      .default('intel' satisfies Root),
  );
}

export function withPolicyFlags(command: Command): Command {
  return command
    .option('--policy <file>', 'JSON, docs/client-reference.md lists its settings; the flags below add to it')
    .option('--tolerate-status <status>', 'a TCB status besides UpToDate; may be repeated', collect, [])
    .option('--tolerate-advisory <id>', "an advisory, or '*' for all; may be repeated", collect, [])
    .option('--image-id <hex>', 'the software must be this', hexOf(32))
    .option('--report-data <hex>', 'the TD must have put these 64 bytes into its report', hexOf(64));
}

/** The policy of file and flags together, to be read by `parsePolicy`. Throws CocoonError `invalid_request`. */
export function policyOf(flags: PolicyFlags): Partial<Policy> {
  const file = flags.policy === undefined ? {} : readJsonFile(flags.policy, ATTEST_LIMITS.policyFileBytes);
  const base = file as Partial<Policy>;
  const { tolerateStatus, tolerateAdvisory, imageId, reportData } = flags;
  const advisories = tolerateAdvisory.includes('*') ? '*' : joined(base.tolerateAdvisories, tolerateAdvisory);
  return {
    ...base,
    ...(tolerateStatus.length === 0
      ? {}
      : { tolerateStatuses: joined(base.tolerateStatuses, tolerateStatus) as Policy['tolerateStatuses'] }),
    ...(tolerateAdvisory.length === 0 ? {} : { tolerateAdvisories: advisories }),
    ...(imageId === undefined ? {} : { imageIds: [imageId] }),
    ...(reportData === undefined ? {} : { reportData }),
  };
}

/** `2025-06-25T12:00:00Z`, or a day alone, in Unix seconds. */
export function parseTime(text: string): number {
  const form = /^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d))?$/;
  const seconds = form.test(text) ? Math.floor(Date.parse(text) / 1_000) : NaN;
  if (Number.isNaN(seconds)) throw new InvalidArgumentError('a time such as 2025-06-25T12:00:00Z is needed.');
  return seconds;
}

function joined(base: unknown, more: readonly string[]): string[] | '*' {
  if (base === '*') return '*';
  return [...(Array.isArray(base) ? (base as string[]) : []), ...more];
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}

function hexOf(bytes: number): (text: string) => string {
  return (text) => {
    if (text.length === 2 * bytes && /^[0-9a-fA-F]+$/.test(text)) return text.toLowerCase();
    throw new InvalidArgumentError(`${bytes} bytes in hex are needed.`);
  };
}
