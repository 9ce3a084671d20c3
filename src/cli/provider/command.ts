import type { Command } from 'commander';
import { addDoctorCommand } from '../doctor/command';
import { standardOutput } from '../console';
import { runClaims } from './claims';
import { withSettleFlags, withSourceFlags, type SettleFlags, type SourceFlags } from './flags';
import { runSettle } from './settle';

/** `cocoon provider`: for those who own the machines. */
export function addProviderCommands(cocoon: Command): void {
  const provider = cocoon.command('provider').description('tools for those who own the machines');
  addDoctorCommand(provider);
  withSettleFlags(provider.command('settle'))
    .description('collect receipts, settle them before their deadlines, and take the earnings out')
    .action(async (flags: SettleFlags) => {
      process.exitCode = await runSettle(flags, standardOutput(), stopSignal());
    });
  withSourceFlags(provider.command('claims'))
    .description('what was earned and not settled yet: amounts, deadlines, costs, what happens next')
    .action(async (flags: SourceFlags) => {
      process.exitCode = await runClaims(flags, standardOutput());
    });
}

/** Aborted by SIGTERM or SIGINT; a second one does not wait: what was sent is written down. */
function stopSignal(): AbortSignal {
  const stop = new AbortController();
  const onSignal = (): void => {
    if (stop.signal.aborted) process.exit(1);
    stop.abort();
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return stop.signal;
}
