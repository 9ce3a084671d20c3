import type { Check, Finding, Settings, Verdict } from './finding';
import { gpuCheck, qemuCheck } from './hypervisor';
import { DOCTOR_LIMITS } from './limits';
import type { Machine } from './machine';
import { configfsCheck, quoteCheck, quotingServiceCheck } from './quoteSource';
import { chainCheck, clockCheck, diskCheck, nodeCheck, portsCheck } from './surroundings';
import { kernelCheck, tdxCheck } from './tdx';

/** In the order of cause and effect: the first failing line is the one to mend first. */
export const CHECKS: readonly Check[] = [
  kernelCheck,
  tdxCheck,
  qemuCheck,
  quotingServiceCheck,
  configfsCheck,
  quoteCheck,
  gpuCheck,
  chainCheck,
  clockCheck,
  portsCheck,
  diskCheck,
  nodeCheck,
];

/** Looks at everything that matters on this side; a check that throws or hangs is a finding too. */
export function examine(machine: Machine, settings: Settings, checks = CHECKS): Promise<Finding[]> {
  return Promise.all(
    checks
      .filter(({ sides }) => sides.includes(settings.side))
      .map(async (check) => ({ name: check.name, ...(await inTime(check, machine, settings)) })),
  );
}

async function inTime(check: Check, machine: Machine, settings: Settings): Promise<Verdict> {
  const seconds = DOCTOR_LIMITS.checkMs / 1_000;
  const late: Verdict = {
    level: 'fail',
    seen: `no answer within ${seconds} s`,
    fix: 'Something below hangs: try the step by hand.',
  };
  try {
    return await Promise.race([
      check.look(machine, settings),
      machine.after(DOCTOR_LIMITS.checkMs).then(() => late),
    ]);
  } catch (error) {
    return {
      level: 'fail',
      seen: String(error).slice(0, 500),
      fix: 'This check itself failed; try the step by hand.',
    };
  }
}
