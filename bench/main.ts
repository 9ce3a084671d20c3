import { readFileSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import path from 'node:path';
import { replaceSection } from '../src/docs/sections';
import { cellHash } from './cellHash';
import { coldStart } from './coldStart';
import { dependencies } from './dependencies';
import { frames } from './frames';
import { gatewayLoad } from './gatewayLoad';
import { hints } from './hints';
import { hpke } from './hpke';
import { ledger } from './ledger';
import { money } from './money';
import { mountainRange } from './mountainRange';
import { overhead } from './overhead';
import { quotes } from './quotes';
import { renderReport, type Benchmark, type Report } from './report';
import { relay } from './relay';
import { signatures } from './signatures';
import { verification } from './verification';

const BENCHMARKS: readonly Benchmark[] = [
  cellHash,
  signatures,
  mountainRange,
  frames,
  ledger,
  relay,
  gatewayLoad,
  money,
  quotes,
  verification,
  hints,
  hpke,
  overhead,
  coldStart,
  dependencies,
];

const USAGE = `npx tsx bench/main.ts [name...] [--json] [--write]

  --json    one object on the last line
  --write   puts the results into docs/benchmarks.md

${BENCHMARKS.map(({ name, title }) => `  ${name.padEnd(16)} ${title}`).join('\n')}`;

async function main(words: readonly string[]): Promise<number> {
  const names = words.filter((word) => !word.startsWith('-'));
  const options = words.filter((word) => word.startsWith('-'));
  const unknown = [
    ...names.filter((name) => !BENCHMARKS.some((benchmark) => benchmark.name === name)),
    ...options.filter((option) => option !== '--json' && option !== '--write'),
  ];
  if (unknown.length > 0) {
    console.error(`unknown: ${unknown.join(', ')}\n\n${USAGE}`);
    return 2;
  }

  const json = options.includes('--json');
  const chosen = BENCHMARKS.filter(({ name }) => names.length === 0 || names.includes(name));
  const reports: Record<string, Report> = {};
  for (const benchmark of chosen) {
    const { name, title } = benchmark;
    const report = await benchmark.run({ onRound: (done, rounds) => showProgress(name, done, rounds) });
    clearProgress();
    reports[name] = report;
    if (options.includes('--write')) writeDown(name, renderReport(report));
    if (!json) console.log(`## ${title}\n\n${renderReport(report)}\n`);
  }
  if (json) console.log(JSON.stringify(reports));
  return 0;
}

/** Each section says where its numbers come from: sections may be measured on different days. */
function writeDown(name: string, text: string): void {
  const page = path.join(__dirname, '../docs/benchmarks.md');
  const day = new Date().toISOString().slice(0, 10);
  const machine = `${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length} threads, Node ${process.version}, ${day}`;
  const body = `\`npx tsx bench/main.ts ${name}\` on ${machine}:\n\n${text}`;
  writeFileSync(page, replaceSection(readFileSync(page, 'utf8'), name, body));
}

function showProgress(name: string, done: number, rounds: number): void {
  if (process.stderr.isTTY) process.stderr.write(`\r${name}: round ${done} of ${rounds}  `);
}

function clearProgress(): void {
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
}

main(process.argv.slice(2)).then(
  (code) => (process.exitCode = code),
  (error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  },
);
