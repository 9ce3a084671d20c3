import { table } from '../src/docs/sections';
import type { CompareOptions, Measured } from './harness';

/** One benchmark: a name for the command line, a sentence, and a run. */
export interface Benchmark {
  name: string;
  title: string;
  run(options: CompareOptions): Promise<Report>;
}

export interface Report {
  /** Side-by-side results; the first row is the baseline. */
  measured?: Measured[];
  /** Anything else that was counted or weighed: a header and its rows. */
  counted?: { header: string[]; rows: string[][] };
  /** One sentence per thing to know when reading the numbers. */
  notes?: string[];
}

/** A report as Markdown, for the screen and for docs/benchmarks.md alike. */
export function renderReport({ measured = [], counted, notes = [] }: Report): string {
  const rows = measured.map(({ name, cpuNs, wallNs, speed }) => [
    name,
    duration(cpuNs),
    duration(wallNs),
    `${significant(1e9 / cpuNs)}`,
    `${significant(speed)}x`,
  ]);
  const parts = [
    ...(rows.length > 0 ? [table(['', 'CPU each', 'elapsed each', 'per CPU second', 'speed'], rows)] : []),
    ...(counted ? [table(counted.header, counted.rows)] : []),
    ...notes,
  ];
  return parts.join('\n\n');
}

function duration(ns: number): string {
  if (ns < 1e3) return `${significant(ns)} ns`;
  if (ns < 1e6) return `${significant(ns / 1e3)} us`;
  return `${significant(ns / 1e6)} ms`;
}

/** Three digits: more would be noise. */
export function significant(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString('en-US', { maximumSignificantDigits: 3 });
}
