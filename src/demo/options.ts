import { InvalidArgumentError, type Command } from 'commander';

export interface DemoOptions {
  jobs: number;
  workers: number;
  clients: number;
  seed: number;
  json: boolean;
  keep: boolean;
  out: string;
}

/** Adds the demo's flags to a command. */
export function withDemoOptions(command: Command): Command {
  return command
    .option('--jobs <n>', 'requests that the clients send', between(1, 2_000), 40)
    .option('--workers <n>', 'providers, each with one worker', between(2, 6), 3)
    .option('--clients <n>', 'clients, each with an escrow', between(1, 8), 2)
    .option('--seed <n>', 'makes keys, prompts and the mix of jobs repeatable', between(0, 2 ** 31), 1)
    .option('--out <folder>', 'where ledger.csv, receipts.jsonl and report.html go', 'demo-out')
    .option('--json', 'end with one line of JSON', false)
    .option('--keep', 'leave everything running and print the URLs', false);
}

function between(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`a whole number from ${least} to ${most} is needed.`);
  };
}
