import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Listr, type ListrTask } from 'listr2';
import { formatCoins, COIN_SYMBOL } from '../protocol/amounts';
import { ledgerCsv } from './ledger';
import type { DemoOptions } from './options';
import { createPlay, type Play } from './play';
import { reportHtml } from './report';
import { receiptLine, summaryOf, type DemoResult } from './result';
import { summaryText } from './summary';

type Step = [title: string, run: (play: Play, say: (detail: string) => void) => Promise<string>];

/** The demo in order. Each step answers with what it did, in one line. */
const STEPS: readonly Step[] = [
  ['Start an embedded chain', (play) => play.startChain()],
  ['Deploy and seal the registry', (play) => play.foundNetwork()],
  ['Start and list a router', (play) => play.startRouter()],
  ['Wait for the engines', (play) => play.awaitEngines()],
  ['Stake and start workers', (play) => play.startWorkers()],
  ['Verify their quotes on chain', (play) => play.attestWorkers()],
  ['Open escrows, top them up', (play) => play.openEscrows()],
  ['Answer requests', (play, say) => play.runJobs(say)],
  ['Kill a worker in mid-stream', (play) => play.killWorker()],
  ['Let a client run dry', (play) => play.runDry()],
  ['Settle, and settle again', (play) => play.settleTwice()],
  ['Drain workers: they settle the rest', (play) => play.drainWorkers()],
  ['Claim earnings and fees', (play) => play.claim()],
  ['Show where one answer came from', (play) => play.showEvidence()],
];

/** These end the network, so `--keep` leaves them out. */
const LAST_STEPS: readonly Step[] = [['Close lines, wait for the delay, withdraw', (play) => play.leave()]];

/** Runs the demo. Resolves with the exit code: 0 when every job that should succeed did, and the ledger closes. */
export async function runDemo(options: DemoOptions): Promise<number> {
  const started = performance.now();
  const play = createPlay(options);
  const steps = options.keep ? KEPT_STEPS : [...STEPS, ...LAST_STEPS];
  let stopped = false;
  const interrupted = (): void => {
    if (stopped) return;
    stopped = true;
    void play.close().finally(() => process.exit(130));
  };
  process.once('SIGINT', interrupted);
  process.once('SIGTERM', interrupted);
  try {
    await new Listr(
      steps.map((step) => taskOf(step, play)),
      {
        renderer: process.stdout.isTTY && !options.json ? 'default' : 'simple',
        rendererOptions: { collapseSubtasks: false },
        fallbackRenderer: 'simple',
      },
    ).run();
    const result = await play.closeBooks((performance.now() - started) / 1000);
    writeFiles(options, result);
    process.stdout.write(summaryText(result, Boolean(process.stdout.isTTY)));
    process.stdout.write(
      `  report: ${join(options.out, 'report.html')}   evidence.json, ledger.csv, receipts.jsonl and logs/ beside it\n\n`,
    );
    if (options.keep) await keepRunning(play);
    if (options.json) process.stdout.write(`${JSON.stringify(summaryOf(result))}\n`);
    const { jobsFailed, ledger, evidence } = result;
    return jobsFailed === 0 && ledger.differenceNano === 0n && evidence.onChain.ok ? 0 : 1;
  } finally {
    await play.close();
  }
}

/** With `--keep` workers stay up and clients stay able to pay. */
const KEPT_STEPS = STEPS.filter(([title]) => !title.startsWith('Drain') && !title.startsWith('Let a client'));

function taskOf([title, run]: Step, play: Play): ListrTask {
  return {
    title,
    task: async (_, task) => {
      const started = performance.now();
      const detail = await run(play, (line) => {
        task.title = `${title}: ${line}`;
      });
      task.title = `${title}: ${detail} (${((performance.now() - started) / 1000).toFixed(1)} s)`;
    },
  };
}

function writeFiles(options: DemoOptions, result: DemoResult): void {
  mkdirSync(options.out, { recursive: true });
  writeFileSync(join(options.out, 'ledger.csv'), ledgerCsv(result.ledger));
  writeFileSync(
    join(options.out, 'receipts.jsonl'),
    result.receipts.map((row) => `${receiptLine(row)}\n`).join(''),
  );
  writeFileSync(join(options.out, 'evidence.json'), result.evidence.text);
  writeFileSync(join(options.out, 'report.html'), reportHtml(result));
}

async function keepRunning(play: Play): Promise<void> {
  process.stdout.write('Everything keeps running; press Ctrl-C to stop it.\n');
  for (const [what, url] of play.urls()) process.stdout.write(`  ${what.padEnd(14)} ${url}\n`);
  process.stdout.write(
    `  fund anybody   curl -d '{"address":"...","amount":"1000000000"}' -H content-type:application/json ${play.faucetUrl()}   (1 ${COIN_SYMBOL} = ${formatCoins(1_000_000_000n)})\n\n`,
  );
  await new Promise(() => undefined);
}
