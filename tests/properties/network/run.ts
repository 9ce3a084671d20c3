import { setImmediate } from 'node:timers/promises';
import type { Beginnings } from './beginnings';
import { addCounts, EVENTS, noCounts, type Counts, type EventName } from './events';
import { runSchedule, type Violation } from './schedules';

export interface Range {
  seed: number;
  /** Numbers of the schedules: the first, and the one after the last. */
  from: number;
  to: number;
}

export interface Report extends Range {
  schedules: number;
  steps: number;
  /** Messages that contracts were given. */
  messages: number;
  violations: number;
  seconds: number;
  /** Processor time of this process, which a busy machine changes less. */
  cpuSeconds: number;
  events: Counts;
  /** The first of them, cut down. */
  found: Violation[];
}

/** A run that finds this many violations has said what it has to say. */
const MAX_VIOLATIONS = 3;
/** In fewer schedules than this, something rare may not happen. */
const ENOUGH_SCHEDULES = 1_500;

export interface Watch {
  /** Asked after each schedule: whether to end here. */
  stopped(): boolean;
  progress(report: Report): void;
  maxViolations?: number;
}

/** Runs a range of schedules, one after the other. */
export async function runRange(begin: Beginnings, range: Range, watch: Watch): Promise<Report> {
  const [started, cpu] = [performance.now(), process.cpuUsage()];
  const report: Report = {
    ...range,
    schedules: 0,
    steps: 0,
    messages: 0,
    violations: 0,
    seconds: 0,
    cpuSeconds: 0,
    events: noCounts(),
    found: [],
  };
  const before = begin.cold.emulator.delivered();
  for (let index = range.from; index < range.to && !watch.stopped(); index++) {
    // The emulator never waits: without this no signal would be heard.
    await setImmediate();
    const counts = noCounts();
    const { steps, violation } = await runSchedule(begin, range.seed, index, counts);
    addCounts(report.events, counts);
    report.schedules++;
    report.steps += steps;
    report.messages = begin.cold.emulator.delivered() - before;
    report.seconds = (performance.now() - started) / 1_000;
    const { user, system } = process.cpuUsage(cpu);
    report.cpuSeconds = (user + system) / 1_000_000;
    if (violation) {
      report.violations++;
      report.found.push(violation);
      if (report.violations >= (watch.maxViolations ?? MAX_VIOLATIONS)) break;
    }
    watch.progress(report);
  }
  return report;
}

/** Kinds of events that a run of this length must have seen and did not. */
export function missingEvents({ schedules, events }: Report): EventName[] {
  return schedules < ENOUGH_SCHEDULES ? [] : EVENTS.filter((name) => events[name] === 0);
}
