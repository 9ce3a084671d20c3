import { createBeginnings, planted } from './beginnings';
import { FAULTS, faultyCodes } from './faults';
import { runRange, type Range } from './run';

/** How a planted fault was noticed; `schedules` is how many it took, or how many did not notice. */
export interface Detection {
  id: string;
  found: boolean;
  schedules: number;
  steps: number;
  reason: string;
}

/** Plants every fault in turn and runs the range until each is found. */
export async function findEveryFault(
  range: Range,
  tell: (detection: Detection) => void,
): Promise<Detection[]> {
  const shipped = await createBeginnings();
  const detections: Detection[] = [];
  for (const id of Object.keys(FAULTS)) {
    const begin = planted(shipped, await faultyCodes(id));
    const watch = { stopped: () => false, progress: () => undefined, maxViolations: 1 };
    const { schedules, found } = await runRange(begin, range, watch);
    const [violation] = found;
    const detection = {
      id,
      found: violation !== undefined,
      schedules,
      steps: violation?.steps.length ?? 0,
      reason: violation?.reason ?? '',
    };
    tell(detection);
    detections.push(detection);
  }
  return detections;
}

/** As docs/benchmarks.md has it. */
export function tableOf(detections: readonly Detection[]): string {
  const rows = detections.map(({ id, found, schedules, steps }) =>
    found
      ? `| \`${id}\` | ${FAULTS[id]!.what} | ${schedules} | ${steps} |`
      : `| \`${id}\` | ${FAULTS[id]!.what} | not in ${schedules} | |`,
  );
  return [
    '| fault | what it does | schedules to find it | steps left |',
    '| --- | --- | --- | --- |',
    ...rows,
  ].join('\n');
}
