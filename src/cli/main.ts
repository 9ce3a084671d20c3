import { Command } from 'commander';
import { runDemo } from '../demo/run';
import { withDemoOptions, type DemoOptions } from '../demo/options';

const program = new Command('cocoon').description('Confidential compute, paid in Toncoin');

withDemoOptions(program.command('demo'))
  .description('run the whole economy on this machine: chain, contracts, workers, router, clients')
  .action(async (options: DemoOptions) => {
    process.exit(await runDemo(options));
  });

program.parseAsync().catch((error: unknown) => {
  process.stderr.write(`cocoon: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
});
