/**
 * Side by side, never one after the other: contenders take turns in short rounds, so a busy neighbour or a warming
 * processor hits all of them, and what is reported are medians and the ratio within each round.
 */
export interface Contender {
  name: string;
  /** Makes ready what the next `run` consumes; not measured. */
  prepare?(operations: number): void | Promise<void>;
  run(operations: number): void | Promise<void>;
  /** Processor time so far of whoever does the work; by default this process. */
  cpuUsage?(): Promise<NodeJS.CpuUsage>;
  close?(): void;
}

export interface Measured {
  name: string;
  /** Processor time per operation: user and system, all threads. */
  cpuNs: number;
  /** Elapsed time per operation. */
  wallNs: number;
  /** Median over the rounds of the first contender's processor time over this one's; above 1 is faster. */
  speed: number;
}

export interface CompareOptions {
  rounds?: number;
  /** Elapsed time that one contender's turn should take. */
  turnMs?: number;
  onRound?: (done: number, rounds: number) => void;
}

interface Sample {
  cpuNs: number;
  wallNs: number;
}

/** Measures the contenders against the first of them. */
export async function compare(
  contenders: readonly Contender[],
  { rounds = 15, turnMs = 60, onRound = () => undefined }: CompareOptions = {},
): Promise<Measured[]> {
  const operations: number[] = [];
  for (const contender of contenders) operations.push(await calibrate(contender, turnMs));

  const samples: Sample[][] = contenders.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (let turn = 0; turn < contenders.length; turn++) {
      const index = (round + turn) % contenders.length;
      samples[index]!.push(await measure(contenders[index]!, operations[index]!));
    }
    onRound(round + 1, rounds);
  }
  contenders.forEach((contender) => contender.close?.());

  return contenders.map(({ name }, index) => ({
    name,
    cpuNs: median(samples[index]!.map((sample) => sample.cpuNs)),
    wallNs: median(samples[index]!.map((sample) => sample.wallNs)),
    speed: median(samples[index]!.map((sample, round) => samples[0]![round]!.cpuNs / sample.cpuNs)),
  }));
}

/** How many operations fill a turn; warms up on the way. */
async function calibrate(contender: Contender, turnMs: number): Promise<number> {
  for (let operations = 16; ; operations *= 2) {
    const { wallNs } = await measure(contender, operations);
    if (wallNs * operations >= turnMs * 5e5) return Math.max(1, Math.round((turnMs * 1e6) / wallNs));
  }
}

async function measure(contender: Contender, operations: number): Promise<Sample> {
  await contender.prepare?.(operations);
  const before = (await contender.cpuUsage?.()) ?? process.cpuUsage();
  const start = process.hrtime.bigint();
  // Awaiting what is not a promise would cost a turn of the event loop.
  const running = contender.run(operations);
  if (running) await running;
  const wallNs = Number(process.hrtime.bigint() - start);
  const after = (await contender.cpuUsage?.()) ?? process.cpuUsage();
  const cpuUs = after.user - before.user + after.system - before.system;
  return { cpuNs: (cpuUs * 1e3) / operations, wallNs: wallNs / operations };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
